/** What risk led to, by day, campaign, action and rule. Every figure was worked out by hand. */
import { pino } from "pino";
import { beforeAll, describe, expect, it } from "vitest";
import type { RiskPart } from "../../ingest/events/parts.ts";
import { appendEvents } from "../../ingest/outbox.ts";
import { createRelay } from "../../ingest/relay.ts";
import { useStores } from "../support/stores.ts";
import { readMart, repeatDelivery } from "./read-mart.ts";
import { shop } from "./shop.ts";

/**
 * On the 1st: red_1 of A (500) is allowed, and B1 joins it with 100; red_2 of A is flagged by the rule r1, while r2
 * watches; rej_1 is refused for its risk and withholds 700; an unknown code is refused. res_1 of A is held, and a reviewer
 * lets it pass on the 2nd: red_3. An ordinary reservation was scored too. On the 3rd red_1 is scored again, and r1 fires.
 * A reviewer confirms red_2, dismisses red_1 and takes that back.
 */
function tell(project: string) {
  const s = shop(project, "M");
  const order = (discount_amount: number) => ({
    id: "o",
    currency: "EUR",
    amount: 2000,
    shipping_amount: 0,
    discount_amount,
    total_amount: 2000 - discount_amount,
    channel: null,
    store_id: null,
    items: [],
  });
  const code = (campaign: string | null, discount: number) => ({
    code: `of ${campaign}`,
    voucher_id: null,
    campaign_id: campaign,
    main_campaign_id: campaign === null ? null : "M",
    discount_amount: discount,
    reasons: [],
  });
  const risk = (action: RiskPart["action"], score: number | null, more: Partial<RiskPart> = {}): RiskPart => ({
    score,
    action,
    model: score === null ? null : "risk@1",
    features: null,
    rules: [],
    ...more,
  });
  const made = (discount: number, codes: ReturnType<typeof code>[], of: RiskPart) => ({
    customer: "anna",
    order: order(discount),
    codes,
    source: "api" as const,
    risk: of,
  });
  const held = made(400, [code("A", 400)], risk("hold", 0.996, { rules: ["r1"] }));
  const review = (subject: string, decision: "confirmed" | "dismissed" | "open", at: string) =>
    s.event(decision === "open" ? "review.reopened" : "review.decided", at, {
      review_id: `rev_${subject}`,
      subject: { kind: "redemption", id: subject },
      redemption_id: subject,
      customer: "anna",
      campaign_id: "A",
      order_id: "o",
      status: decision,
      origin: "request",
      score: 1,
      action: "flag",
      model: null,
      features: [],
      rules: [],
      currency: "EUR",
      amount: 1,
      opened_at: at,
      due_at: at,
      reviewer: null,
      ...(decision === "open" ? {} : { decision, claw_back: "none", working_seconds: 1, overdue: false }),
    } as never);
  const first = "2026-03-01T10:00:00Z";
  return [
    s.event("redemption.succeeded", first, {
      redemption_id: "red_1",
      ...made(600, [code("A", 500), code("B", 100)], risk("allow", 0.2)),
    }),
    s.event("redemption.succeeded", first, {
      redemption_id: "red_2",
      ...made(
        500,
        [code("A", 500)],
        risk("flag", 0.6, { rules: ["r1"], shadow: { score: 0.8, action: "flag", rules: ["r2"] } }),
      ),
    }),
    s.event("redemption.rejected", first, {
      rejection_id: "rej_1",
      ...made(0, [code("A", 0)], risk("reject", 0.999, { withheld_amount: 700, rules: ["r1"] })),
    }),
    s.event("redemption.rejected", first, { rejection_id: "rej_2", ...made(0, [code(null, 0)], risk("allow", null)) }),
    s.event("reservation.created", first, {
      reservation_id: "res_1",
      redemption_id: "red_3",
      expires_at: "2026-03-03T10:00:00Z",
      ...held,
      held_for_review: true,
    }),
    s.event("redemption.succeeded", "2026-03-02T10:00:00Z", { redemption_id: "red_3", ...held }),
    s.event("reservation.created", first, {
      reservation_id: "res_2",
      redemption_id: "red_4",
      expires_at: "2026-03-03T10:00:00Z",
      ...made(300, [code("A", 300)], risk("flag", 0.9, { rules: ["r1"] })),
    }),
    s.event("risk.rescored", "2026-03-03T10:00:00Z", {
      redemption_id: "red_1",
      customer: "anna",
      order_id: "o",
      risk: risk("flag", 0.7, { rules: ["r1"] }),
    }),
    review("red_2", "confirmed", "2026-03-04T10:00:00Z"),
    review("red_1", "dismissed", "2026-03-04T10:00:00Z"),
    review("red_1", "open", "2026-03-04T11:00:00Z"),
  ];
}

describe("marts of risk", () => {
  const stores = useStores();

  beforeAll(async () => {
    for (const event of [...tell("prj_a"), ...tell("prj_b")]) await appendEvents(stores.db, [event]);
    await createRelay({ ...stores, log: pino({ level: "silent" }) }).drain();
    await repeatDelivery(stores);
  });

  it("tell by campaign what was allowed, flagged, held and refused, and what money was about it", async () => {
    const rows = await readMart(stores, "risk_decisions_daily", "prj_a", "day, campaign_id, action");
    const day = { project_id: "prj_a", day: "2026-03-01", currency: "EUR" };
    const one = { ...day, attempts_count: 1, scored_count: 1, order_amount: 2000 };
    expect(rows).toEqual([
      { ...one, campaign_id: "", action: "allow", scored_count: 0, discount_amount: 0, mean_score: null },
      { ...one, campaign_id: "A", action: "allow", discount_amount: 500, mean_score: 0.2 },
      { ...one, campaign_id: "A", action: "flag", discount_amount: 500, mean_score: 0.6 },
      { ...one, campaign_id: "A", action: "hold", discount_amount: 400, mean_score: 0.996 },
      { ...one, campaign_id: "A", action: "reject", discount_amount: 700, mean_score: 0.999 },
      { ...one, campaign_id: "B", action: "allow", discount_amount: 100, mean_score: 0.2 },
    ]);
  });

  it("tell of each rule how often it fired, watched and came late, and what reviewers made of it", async () => {
    const rows = await readMart(stores, "risk_rules_daily", "prj_a", "day, rule_id, mode");
    const none = { project_id: "prj_a", acted_count: 0, confirmed_count: 0, dismissed_count: 0 };
    expect(rows).toEqual([
      {
        ...none,
        day: "2026-03-01",
        rule_id: "r1",
        mode: "live",
        fired_count: 3,
        acted_count: 3,
        confirmed_count: 1,
      },
      {
        ...none,
        day: "2026-03-01",
        rule_id: "r2",
        mode: "shadow",
        fired_count: 1,
        acted_count: 1,
        confirmed_count: 1,
      },
      { ...none, day: "2026-03-03", rule_id: "r1", mode: "late", fired_count: 1, acted_count: 1 },
    ]);
  });

  it("count what was flagged, held or refused as flagged, once", async () => {
    const scores = await readMart(stores, "model_scores_daily", "prj_a", "day, model");
    expect(scores.map((row) => [row.day, row.model, row.scored_count, row.flagged_count])).toEqual([
      ["2026-03-01", "", 0, 0],
      ["2026-03-01", "risk@1", 3, 2],
      ["2026-03-02", "risk@1", 1, 1],
    ]);
    const [customer] = await readMart(stores, "customers", "prj_a", "customer");
    expect(customer?.flagged_count).toBe(3);
  });
});
