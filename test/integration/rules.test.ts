import { describe, expect, it } from "vitest";
import { type Body, send } from "../support/answers.ts";
import { type TestProject, useApp } from "../support/app.ts";
import { redeemBody, setUpPromotion } from "../support/promotions.ts";

const app = useApp();

const nearBerlin = { center: [13.405, 52.52], radius_m: 10_000 };

async function validate(project: TestProject, code: string, order: object, headers = {}): Promise<Body> {
  const body = redeemBody({ codes: [code], orderId: "order-1", order });
  const answer = await send(project, "POST", "/v1/validations", body, headers);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body;
}

describe("a campaign's rules", () => {
  it("may ask where the shopper is and what matching items come to, in the shopper's language", async () => {
    const project = await app.newProject();
    const rules = {
      all: [
        { on: "order.location", op: "within", value: nearBerlin, messages: { de: "Nur in Berlin" } },
        {
          on: "items.weight",
          where: { on: "item.sku", op: "matches", value: "^coff" },
          op: "less_or_equal",
          value: 5_000,
        },
      ],
    };
    const { code, campaignId } = await setUpPromotion(project, { sub: { rules } });
    expect((await send(project, "GET", `/v1/campaigns/${campaignId}`)).body.rules).toEqual(rules);

    const items = [{ sku: "coffee", quantity: 2, unit_amount: 2500, weight: 1_000 }];
    const here = { items, location: { lat: 52.5, lon: 13.4 } };
    expect(await validate(project, code, here)).toMatchObject({ valid: true, discount_amount: 500 });
    const elsewhere = await validate(project, code, { items, location: { lat: 48.1, lon: 11.6 } });
    expect(elsewhere.codes[0].reasons).toMatchObject([
      { key: "outside_area", rule_id: "campaign.rules/all/0", expected: nearBerlin, actual: [11.6, 48.1] },
    ]);
    const unknown = await validate(project, code, { items }, { "accept-language": "de-AT,en;q=0.5" });
    expect(unknown.codes[0].reasons).toMatchObject([{ key: "location_required", message: "Nur in Berlin" }]);
    const heavy = await validate(project, code, { ...here, items: [{ ...items[0], quantity: 6 }] });
    expect(heavy.codes[0].reasons).toMatchObject([{ key: "rule_not_met", actual: 6_000, gap: 1_000 }]);
  });

  it("follow the wall clock of the campaign's time zone", async () => {
    const project = await app.newProject();
    const start = { start: "2026-01-02T18:00", duration_minutes: 120, every: "week" };
    const rules = { on: "time.recurring", op: "within", value: start };
    const { code } = await setUpPromotion(project, { sub: { rules, time_zone: "America/New_York" } });
    const at = async (instant: string) => {
      const body = { ...redeemBody({ codes: [code], orderId: "order-1" }), at: instant };
      return (await send(project, "POST", "/v1/validations", body)).body.valid;
    };
    // Friday 18:00 is 23:00 UTC in winter and 22:00 UTC in summer.
    expect([await at("2026-01-09T22:30:00Z"), await at("2026-01-09T23:00:00Z")]).toEqual([false, true]);
    expect([await at("2026-07-10T22:00:00Z"), await at("2026-07-11T00:00:00Z")]).toEqual([true, false]);
  });

  it.each([
    [
      "an area that is none",
      {
        on: "order.location",
        op: "within",
        value: {
          polygon: [
            [0, 0],
            [1, 1],
          ],
        },
      },
      "/rules/value/polygon",
    ],
    ["a pattern that looks back", { on: "order.channel", op: "matches", value: "(?<=a)b" }, "/rules/value"],
    ["a sum of nothing known", { on: "items.price", where: {}, op: "equals", value: 1 }, "/rules/on"],
    ["a prototype's key", { on: "order.metadata.constructor", op: "exists", value: true }, "/rules/on"],
  ])("are refused with the place of %s", async (_what, rules, pointer) => {
    const project = await app.newProject();
    const main = await send(project, "POST", "/v1/campaigns", { type: "main", name: "Main", currency: "EUR" });
    const answer = await send(project, "POST", "/v1/campaigns", {
      type: "sub",
      parent_id: main.body.id,
      name: "Sub",
      triggers_on: "redemption",
      currency: "EUR",
      rewards: [{ type: "order_discount", amount: 500 }],
      rules,
    });
    expect([answer.status, answer.body.code]).toEqual([400, "invalid_request"]);
    expect(answer.body.errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer);
  });
});
