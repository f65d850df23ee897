/** On-site pop-ups: a message waits here for its customer, and is there when they look at a page of the shop. */
import { z } from "@hono/zod-openapi";
import type { ChannelAdapter, OutgoingMessage, SendContext, SendOutcome } from "../channels/adapter.ts";
import { newId } from "../ids.ts";

const hourMs = 3600 * 1000;
/** More of one customer than this are not kept waiting. */
const waitingMax = 20;

const settings = z.strictObject({
  lifetime_hours: z.int().min(1).max(8_760).default(168).openapi({
    description: "A pop-up that nobody has looked at for so long is not shown any more.",
  }),
});
type Settings = z.output<typeof settings>;
/** There are none. */
const credentials = z.null();

export const popupAdapter: ChannelAdapter<Settings, z.output<typeof credentials>> = {
  kind: "popup",
  settings,
  credentials,
  address: "none",
  // It is a part of the shop's own page, which the customer has called.
  needsConsent: false,
  parts: [
    { name: "title", required: true, html: false, lengthMax: 200 },
    { name: "text", required: true, html: false, lengthMax: 2_000 },
    { name: "button", required: false, html: false, lengthMax: 60 },
    { name: "url", required: false, html: false, lengthMax: 1_000 },
  ],
  // The same delivery is the same message.
  whenUnknown: "resend",
  send,
};

async function send(message: OutgoingMessage, context: SendContext<Settings>): Promise<SendOutcome> {
  const { parts, deliveryId, customer } = message;
  if (parts.url && !isSafeLink(parts.url)) return { outcome: "failed", reason: "url_refused" };
  const shown = ["title", "text", "button", "url"].flatMap((name) => (parts[name] ? [[name, parts[name]]] : []));
  const end = new Date(context.at.getTime() + context.channel.settings.lifetime_hours * hourMs);
  const { rows } = await context.deps.pool.query<{ id: string }>(
    `insert into popup_message (project_id, id, customer_id, delivery_id, publication_id, campaign_id, content, created_at,
                                expires_at)
     select $1, $2, $3, $4, $5, $6, $7::jsonb, $8::timestamptz, $9::timestamptz
     where (select count(*) from popup_message m where m.project_id = $1 and m.customer_id = $3 and m.clicked_at is null
              and m.dismissed_at is null and m.expires_at > $8 and m.delivery_id <> $4) < $10
     on conflict (project_id, delivery_id) do update set delivery_id = excluded.delivery_id
     returning id`,
    [
      context.projectId,
      newId("pop"),
      customer.id,
      deliveryId,
      message.publicationId,
      message.campaignId,
      JSON.stringify(Object.fromEntries(shown)),
      context.at,
      end,
      waitingMax,
    ],
  );
  const [row] = rows;
  return row ? { outcome: "sent", providerId: row.id } : { outcome: "failed", reason: "too_many_waiting" };
}

/** A page of the web, or of the shop itself: never script. */
export function isSafeLink(url: string): boolean {
  if (/^\/(?![/\\])/.test(url)) return true;
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
}
