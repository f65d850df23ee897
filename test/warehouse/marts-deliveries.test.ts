/** What becomes of messages. Every figure was worked out by hand. */
import { pino } from "pino";
import { beforeAll, expect, it } from "vitest";
import { appendEvents } from "../../ingest/outbox.ts";
import { createRelay } from "../../ingest/relay.ts";
import { useStores } from "../support/stores.ts";
import { readMart, repeatDelivery } from "./read-mart.ts";
import { shop } from "./shop.ts";

const stores = useStores();

/**
 * On the 1st four are ordered: d1 and d2 to ann, d3 to ben, d4 to cleo who does not want it. d1 and d3 are sent, d2 is
 * given up, tried again by hand and sent on the 2nd; d3 bounces on the 2nd. d1 brings a voucher.
 */
function tell(project: string) {
  const s = shop(project, "M");
  const tell = (what: "queued" | "sent" | "failed" | "skipped" | "bounced", day: number, id: string, reason?: string) =>
    s.event(`delivery.${what}`, `2026-03-0${day}T10:00:00.000Z`, {
      delivery_id: id,
      channel_id: "chn_1",
      channel_kind: "email",
      template_id: "tpl_1",
      customer: { d1: "ann", d2: "ann", d3: "ben", d4: "cleo" }[id] ?? null,
      publication_id: id === "d1" ? "pub_1" : null,
      workflow_run_id: null,
      campaign_id: id === "d1" ? "A" : null,
      reason: reason ?? null,
    });
  return [
    ...["d1", "d2", "d3"].map((id) => tell("queued", 1, id)),
    tell("skipped", 1, "d4", "no_consent"),
    tell("sent", 1, "d1"),
    tell("sent", 1, "d3"),
    tell("failed", 1, "d2", "smtp_451"),
    tell("queued", 1, "d2"),
    tell("sent", 2, "d2"),
    tell("bounced", 2, "d3", "bounced_later"),
  ];
}

beforeAll(async () => {
  for (const project of ["prj_a", "prj_b"]) {
    await stores.db.transaction().execute((tx) => appendEvents(tx, tell(project)));
  }
  await createRelay({ pool: stores.pool, warehouse: stores.warehouse, log: pino({ level: "silent" }) }).drain();
  await repeatDelivery(stores);
});

it("counts each delivery once a day and outcome", async () => {
  const rows = await readMart(stores, "deliveries_daily", "prj_a", "day, outcome");
  const shown = rows.map((row) => [
    ...[row.day, row.channel_id, row.channel_kind, row.template_id, row.outcome, row.reason],
    ...["deliveries", "customers", "publications"].map((what) => Number(row[`${what}_count`])),
  ]);
  const of = (day: number) => [`2026-03-0${day}`, "chn_1", "email", "tpl_1"];
  expect(shown).toEqual([
    [...of(1), "failed", "smtp_451", 1, 1, 0],
    [...of(1), "queued", "", 3, 2, 1],
    [...of(1), "sent", "", 2, 2, 1],
    [...of(1), "skipped", "no_consent", 1, 1, 0],
    [...of(2), "bounced", "bounced_later", 1, 1, 0],
    [...of(2), "sent", "", 1, 1, 0],
  ]);
});
