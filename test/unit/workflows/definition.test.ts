import { describe, expect, it } from "vitest";
import { type Definition, isTimeZone } from "../../../api/workflows/definition.ts";
import { workflowBody } from "../../../api/workflows/schemas.ts";
import { stepSentences, workflowSentence } from "../../../api/workflows/sentence.ts";

const points = { type: "points", points: 10 };
const base = { name: "x", trigger: { on: "order.paid" }, steps: [points] };

const faults = (change: object): string[] => {
  const parsed = workflowBody.safeParse({ ...base, ...change });
  return parsed.success ? [] : parsed.error.issues.map((issue) => `/${issue.path.join("/")}`);
};
const definition = (change: object): Definition => workflowBody.parse({ ...base, ...change });

describe("a definition", () => {
  it("has its defaults", () => {
    const settings = { time_zone: "UTC", entry: "every_time" };
    expect(workflowBody.parse(base)).toEqual({ ...base, conditions: null, settings });
  });

  it.each<[string, object, string[]]>([
    ["no step", { steps: [] }, ["/steps"]],
    ["too many steps", { steps: Array(21).fill(points) }, ["/steps"]],
    ["nothing that is done", { steps: [{ type: "wait", hours: 1 }] }, ["/steps"]],
    ["a wait of two lengths", { steps: [{ type: "wait", hours: 1, days: 1 }, points] }, ["/steps/0"]],
    ["a wait of no time of day", { steps: [{ type: "wait", until: "25:00" }, points] }, ["/steps/0/until"]],
    [
      "waits of more than a year",
      { steps: [{ type: "wait", days: 200 }, { type: "wait", days: 200 }, points] },
      ["/steps"],
    ],
    ["a referrer without a redemption", { steps: [{ ...points, to: "referrer" }] }, ["/steps/0/to"]],
    ["a trigger that nobody knows", { trigger: { on: "moon.full" } }, ["/trigger/on"]],
    ["a number and a sum", { trigger: { on: "orders.reached", count: 1, amount: 1, currency: "EUR" } }, ["/trigger"]],
    ["a sum without a currency", { trigger: { on: "orders.reached", amount: 1 } }, ["/trigger/currency"]],
    ["a zone that is none", { settings: { time_zone: "+02:00" } }, ["/settings/time_zone"]],
    [
      "quiet hours of no length",
      { settings: { quiet_hours: { from: "08:00", to: "08:00" } } },
      ["/settings/quiet_hours"],
    ],
    ["an unknown path", { conditions: { all: [{ on: "x.y", op: "equals", value: 1 }] } }, ["/conditions/all/0/on"]],
    ["what events do not tell", { conditions: { on: "order.metadata.a", op: "equals", value: 1 } }, ["/conditions/on"]],
    [
      "a field that the event has not",
      { conditions: { on: "event.colour", op: "equals", value: 1 } },
      ["/conditions/on"],
    ],
    [
      "an order where there is none",
      { trigger: { on: "customer.created" }, conditions: { on: "order.amount", op: "less_than", value: 1 } },
      ["/conditions/on"],
    ],
    [
      "items where there are none",
      {
        trigger: { on: "customer.created" },
        steps: [
          points,
          {
            type: "condition",
            rule: { on: "items", which: "any", where: { on: "item.sku", op: "equals", value: "a" } },
          },
        ],
      },
      ["/steps/1/rule/on"],
    ],
  ])("may not have %s", (_, change, pointers) => {
    expect(faults(change)).toEqual(pointers);
  });

  it("may ask what the shop's own event says, and about its order", () => {
    const conditions = { on: "event.anything", op: "equals", value: 1 };
    expect(faults({ trigger: { on: "custom", name: "visit" }, conditions })).toEqual([]);
    expect(
      faults({ conditions: { on: "items", which: "any", where: { on: "item.sku", op: "equals", value: "a" } } }),
    ).toEqual([]);
  });

  it("knows zones by their names", () => {
    expect(["Europe/Berlin", "UTC", "Mars/Olympus", "+01:00", ""].map(isTimeZone)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});

describe("a sentence", () => {
  const names = new Map([
    ["cam_1", "Autumn"],
    ["chn_1", "e-mail"],
    ["tpl_1", "Thanks"],
    ["seg_1", "VIP"],
  ]);

  it("says the whole of a definition", () => {
    const given = definition({
      conditions: { on: "order.amount", op: "greater_or_equal", value: 5000 },
      steps: [
        { type: "wait", hours: 2 },
        { type: "publish_voucher", campaign_id: "cam_1" },
        { type: "deliver", channel_id: "chn_1", template_id: "tpl_1" },
      ],
      settings: { currency: "EUR" },
    });
    expect(workflowSentence(given, names)).toBe(
      "When an order is paid and the order amount is at least 50.00 EUR, wait 2 hours, then give a voucher of Autumn, then send Thanks by e-mail.",
    );
    expect(stepSentences(given, new Map())[1]).toBe("Give a voucher of cam_1");
  });

  it.each<[object, string]>([
    [{ on: "customer.created" }, "a customer is created"],
    [{ on: "customer.birthday" }, "it is 09:00 on a customer's birthday"],
    [
      { on: "customer.anniversary", days_before: 1, at: "08:00" },
      "it is 08:00, 1 day before the anniversary of a customer's sign-up",
    ],
    [{ on: "redemption.rejected", campaign_ids: ["cam_1"] }, "a redemption of Autumn is rejected"],
    [{ on: "voucher.expiring", days_before: 3 }, "a customer's voucher expires in 3 days"],
    [{ on: "points.reached", points: 100 }, "a customer reaches 100 points"],
    [{ on: "orders.reached", count: 10 }, "a customer reaches 10 paid orders"],
    [{ on: "orders.reached", amount: 10000, currency: "EUR" }, "a customer's paid orders reach 100.00 EUR"],
    [{ on: "segment.left", segment_id: "seg_1" }, "a customer leaves the segment VIP"],
    [{ on: "custom", name: "visit" }, 'the event "visit" comes'],
  ])("begins with its trigger: %j", (trigger, words) => {
    expect(workflowSentence(definition({ trigger }), names)).toBe(`When ${words}, give 10 points.`);
  });
});
