/**
 * A signed message to a receiver of the shop's own, one for each customer: marketing systems that send by themselves. It
 * is signed like events (`api/event-subscriptions/sign.ts`), with the secret that the channel's credentials hold.
 */
import { z } from "@hono/zod-openapi";
import { retryAfterSeconds } from "../../event-subscriptions/schedule.ts";
import { secretPrefix, signatureHeaders } from "../../event-subscriptions/sign.ts";
import { requestOutside } from "../../outbound/request.ts";
import { faultOfUrl } from "../../outbound/url.ts";
import {
  type ChannelAdapter,
  type OutgoingMessage,
  type SendContext,
  type SendOutcome,
  targetFault,
} from "../adapter.ts";
import { gaveUpWaiting } from "../http-provider/outcome.ts";

const settings = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .max(2_000)
    .openapi({ example: "https://shop.example/hooks/messages" }),
});
type Settings = z.output<typeof settings>;

/** 24 to 64 bytes, as Standard Webhooks asks. */
const credentials = z.strictObject({
  secret: z
    .string()
    .regex(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/, `Expected ${secretPrefix} and 24 to 64 random bytes in base64`)
    .refine((text) => {
      const bytes = Buffer.from(text.slice(secretPrefix.length), "base64").length;
      return bytes >= 24 && bytes <= 64;
    }, "Expected 24 to 64 bytes"),
});
type Credentials = z.output<typeof credentials>;

const timeoutMs = 15_000;

export const webhookAdapter: ChannelAdapter<Settings, Credentials> = {
  kind: "webhook",
  settings,
  credentials,
  faultOf: ({ url }, outbound) => targetFault("url", faultOfUrl(url, outbound)),
  // Whom it reaches and how is the receiver's affair.
  address: "none",
  needsConsent: false,
  parts: [{ name: "text", required: true, html: false, lengthMax: 100_000 }],
  // It has the same webhook-id again: the receiver knows it.
  whenUnknown: "resend",
  send,
};

async function send(
  message: OutgoingMessage,
  { deps, channel, at, signal }: SendContext<Settings, Credentials>,
): Promise<SendOutcome> {
  const body = bodyOf(message, channel.id, at);
  const answer = await requestOutside({
    url: channel.settings.url,
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...signatureHeaders([channel.credentials.secret], { id: message.deliveryId, at, body }),
    },
    body,
    timeoutMs,
    answerBytesMax: 1_000,
    outbound: deps.outbound,
    signal,
  });
  if (answer.outcome === "failed") {
    if (answer.isBegun) return { outcome: "unknown", reason: answer.reason };
    const isForGood = ["url_refused", "address_refused", "request_refused"].includes(answer.reason);
    return { outcome: isForGood ? "failed" : "retry", reason: answer.reason };
  }
  const { status } = answer;
  if (status >= 200 && status < 300) return { outcome: "sent", providerId: null };
  const reason = `http_${status}`;
  // It may have it, and knows it by its id when it comes again.
  if (gaveUpWaiting.includes(status)) return { outcome: "unknown", reason };
  if (status < 500 && ![409, 425, 429].includes(status)) return { outcome: "failed", reason };
  const afterSeconds = retryAfterSeconds(answer.headers["retry-after"], at);
  return { outcome: "retry", reason, ...(afterSeconds === undefined ? {} : { afterSeconds }) };
}

function bodyOf(message: OutgoingMessage, channelId: string, at: Date): string {
  return JSON.stringify({
    id: message.deliveryId,
    type: "message",
    timestamp: at.toISOString(),
    data: {
      delivery_id: message.deliveryId,
      channel_id: channelId,
      customer: message.customer.identifier,
      language: message.language,
      purpose: message.purpose,
      text: message.parts.text ?? "",
      variables: message.variables,
      unsubscribe_url: message.unsubscribeUrl,
      publication_id: message.publicationId,
      workflow_run_id: message.workflowRunId,
      campaign_id: message.campaignId,
    },
  });
}
