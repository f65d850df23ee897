/** Reviews in the warehouse: what they are now, who decided, and the labels. Every figure was worked out by hand. */
import { pino } from "pino";
import { beforeAll, describe, expect, it } from "vitest";
import type { Payload } from "../../ingest/events/events.ts";
import { appendEvents } from "../../ingest/outbox.ts";
import { createRelay } from "../../ingest/relay.ts";
import { useStores } from "../support/stores.ts";
import { readMart, repeatDelivery } from "./read-mart.ts";
import { shop } from "./shop.ts";

const ann = { id: "key_a", name: "Ann" };
const ben = { id: "key_b", name: "Ben" };

/**
 * On the 1st four reviews open. rev_1 (a redemption, 1,000) is confirmed by Ann a minute later, who took a cluster back:
 * 1,500 in all. rev_2 (a rejection, 700) is confirmed by Ben after it was due. rev_3 (a redemption) is dismissed by Ben on the
 * 2nd, and rev_4 (a held reservation) confirmed by Ann, taken back, and dismissed by Ben on the 2nd. rev_5 closes, rev_6
 * waits. A claw-back of Ben's was undone.
 */
function tell(project: string) {
  const s = shop(project, "M");
  const day = (number: number, time = "10:00:00") => `2026-03-0${number}T${time}.000Z`;
  const review = (number: number, kind: "redemption" | "rejection" | "reservation", amount: number) =>
    ({
      review_id: `rev_${number}`,
      subject: { kind, id: `${kind}_${number}` },
      redemption_id: kind === "rejection" ? null : `red_${number}`,
      customer: `customer ${number}`,
      campaign_id: "A",
      order_id: `order-${number}`,
      status: "open",
      origin: "request",
      score: 0.9,
      action: "flag",
      model: "risk@1",
      features: ["card_accounts", "rule:r1"],
      rules: ["r1"],
      currency: "EUR",
      amount,
      opened_at: day(1),
      due_at: day(1, "14:00:00"),
      reviewer: null,
    }) as Payload<"review.opened">;
  const first = review(1, "redemption", 1_000);
  const second = review(2, "rejection", 700);
  const third = review(3, "redemption", 300);
  const fourth = review(4, "reservation", 400);
  const decided = (
    of: Payload<"review.opened">,
    at: string,
    by: typeof ann,
    decision: "confirmed" | "dismissed",
    more: Partial<Payload<"review.decided">> = {},
  ) =>
    s.event("review.decided", at, {
      ...of,
      status: decision,
      reviewer: by,
      decision,
      claw_back: "none",
      working_seconds: 30,
      overdue: false,
      ...more,
    });
  const clawBack = {
    scope: "cluster" as const,
    customer: "customer 1",
    redemptions: 2,
    vouchers: 1,
    customers: 2,
    failed: 0,
  };
  return [
    ...[first, second, third, fourth, review(5, "redemption", 50), review(6, "redemption", 60)].map((one) =>
      s.event("review.opened", day(1), one),
    ),
    s.event("review.assigned", day(1, "10:00:30"), { ...first, reviewer: ann }),
    decided(first, day(1, "10:01:00"), ann, "confirmed", { claw_back: "cluster" }),
    s.event("claw_back.done", day(1, "10:01:01"), {
      ...clawBack,
      claw_back_id: "clw_1",
      review_id: "rev_1",
      reviewer: ann,
      amounts: [
        { currency: "EUR", amount: 1_300 },
        { currency: "USD", amount: 200 },
      ],
    }),
    decided(second, day(1, "15:00:00"), ben, "confirmed", { overdue: true }),
    decided(third, day(2), ben, "dismissed"),
    decided(fourth, day(1, "11:00:00"), ann, "confirmed"),
    s.event("review.reopened", day(1, "12:00:00"), { ...fourth, reviewer: ann }),
    decided(fourth, day(2, "10:02:00"), ben, "dismissed", { working_seconds: 60 }),
    s.event("review.closed", day(1, "11:30:00"), {
      ...review(5, "redemption", 0),
      status: "closed",
      because: "rolled_back",
    }),
    ...(["claw_back.done", "claw_back.undone"] as const).map((type, at) =>
      s.event(type, day(2, `1${at}:00:00`), {
        ...clawBack,
        claw_back_id: "clw_2",
        review_id: "rev_3",
        reviewer: ben,
        amounts: [{ currency: "EUR", amount: 300 }],
      }),
    ),
  ];
}

describe("reviews in the warehouse", () => {
  const stores = useStores();

  beforeAll(async () => {
    for (const project of ["prj_a", "prj_b"]) {
      const events = tell(project);
      // Each in a transaction of its own: their order is the order in which they were recorded.
      for (const event of events) await stores.db.transaction().execute((tx) => appendEvents(tx, [event]));
    }
    await createRelay({ pool: stores.pool, warehouse: stores.warehouse, log: pino({ level: "silent" }) }).drain();
    await repeatDelivery(stores);
  });

  it("are what they are now", async () => {
    const rows = await readMart(stores, "reviews", "prj_a", "review_id");
    expect(
      rows.map((row) => [row.review_id, row.status, row.label, row.reviewer_name, row.claw_back, row.overdue]),
    ).toEqual([
      ["rev_1", "confirmed", 1, "Ann", "cluster", 0],
      ["rev_2", "confirmed", 1, "Ben", "none", 1],
      ["rev_3", "dismissed", 0, "Ben", "none", 0],
      ["rev_4", "dismissed", 0, "Ben", "none", 0],
      ["rev_5", "closed", null, "", "", 0],
      ["rev_6", "open", null, "", "", 1],
    ]);
    expect(rows[0]).toMatchObject({
      subject_kind: "redemption",
      subject_id: "redemption_1",
      redemption_id: "red_1",
      customer: "customer 1",
      campaign_id: "A",
      order_id: "order-1",
      origin: "request",
      risk_action: "flag",
      risk_score: 0.9,
      model: "risk@1",
      features: ["card_accounts", "rule:r1"],
      rules: ["r1"],
      currency: "EUR",
      amount_at_risk: 1_000,
      opened_at: "2026-03-01T10:00:00.000Z",
      decided_at: "2026-03-01T10:01:00.000Z",
      working_seconds: 30,
    });
  });

  it("tell of each reviewer's day what was right and what it brought", async () => {
    const rows = await readMart(stores, "reviewers_daily", "prj_a", "day, reviewer_id, currency");
    const shown = rows.map((row) => [
      row.day,
      row.reviewer_name,
      row.currency,
      row.confirmed_count,
      row.dismissed_count,
      row.precision,
      row.overdue_count,
      row.working_seconds,
      row.median_seconds_to_decide,
      row.prevented_amount,
      row.recovered_amount,
      row.yield_amount,
    ]);
    const numbers = shown.map((row) =>
      row.map((value) => (typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value)),
    );
    expect(numbers).toEqual([
      ["2026-03-01", "Ann", "EUR", 1, 0, 1, 0, 30, 60, 0, 1_300, 1_300],
      ["2026-03-01", "Ann", "USD", 0, 0, null, 0, 0, null, 0, 200, null],
      ["2026-03-01", "Ben", "EUR", 1, 0, 1, 1, 30, 18_000, 700, 0, 700],
      ["2026-03-02", "Ben", "EUR", 0, 2, 0, 0, 90, 86_460, 0, 0, 0],
    ]);
  });

  it("are labels while their decision stands", async () => {
    const rows = await readMart(stores, "risk_labels", "prj_a", "subject_id");
    expect(rows.map((row) => [row.subject_kind, row.subject_id, row.redemption_id, row.label, row.decided_at])).toEqual(
      [
        ["redemption", "redemption_1", "red_1", 1, "2026-03-01T10:01:00.000Z"],
        ["redemption", "redemption_3", "red_3", 0, "2026-03-02T10:00:00.000Z"],
        ["rejection", "rejection_2", "", 1, "2026-03-01T15:00:00.000Z"],
        ["reservation", "reservation_4", "red_4", 0, "2026-03-02T10:02:00.000Z"],
      ],
    );
  });
});
