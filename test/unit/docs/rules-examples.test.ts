import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { operatorNames } from "../../../api/campaigns/operand-schema.ts";
import { rulesSchema } from "../../../api/campaigns/rule-schema.ts";
import type { CustomerFacts } from "../../../api/domain/facts.ts";
import { evaluate } from "../../../api/domain/rules/evaluate.ts";
import { explain } from "../../../api/domain/rules/explain.ts";
import { historyKey } from "../../../api/domain/rules/history.ts";
import { isMet } from "../../../api/domain/rules/is-met.ts";
import { paths, type RuleContext } from "../../../api/domain/rules/paths.ts";
import type { Rule } from "../../../api/domain/rules/rule.ts";
import { localTime } from "../../../api/redemptions/local-time.ts";
import { orderBody, toOrderFacts } from "../../../api/validations/order-schema.ts";

const text = readFileSync(join(import.meta.dirname, "../../../docs/rules.md"), "utf8");

const values = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));
const example = z.strictObject({
  at: z.iso.datetime().default("2026-05-14T12:30:00Z"),
  time_zone: z.string().default("Europe/Berlin"),
  languages: z.array(z.string()).default([]),
  amount_left: z.int().optional(),
  order: z.record(z.string(), z.unknown()).default({}),
  customer: z
    .strictObject({
      identifier: z.string().default("ada@example.com"),
      is_new: z.boolean().default(false),
      segments: z.array(z.string()).default([]),
      points: z.int().default(0),
      birthday: z.iso.date().nullable().default(null),
      created_at: z.iso.datetime().nullable().default(null),
      tags: z.record(z.string(), z.array(z.string())).default({}),
      attributes: values.default({}),
      metadata: values.default({}),
      history: z
        .array(
          z.strictObject({
            on: z.enum(["customer.orders_count", "customer.orders_amount", "events.count"]),
            name: z.string().nullable().default(null),
            window_days: z.int().nullable().default(null),
            value: z.int(),
          }),
        )
        .default([]),
    })
    .nullable()
    .default(null),
  met: z.boolean(),
  reasons: z.array(z.record(z.string(), z.unknown())).optional(),
});
const block = z.strictObject({ rule: rulesSchema, examples: z.array(example).min(1) });

const blocks = [...text.matchAll(/```json\n([\s\S]*?)```/g)].map((match) => block.parse(JSON.parse(match[1] ?? "")));
const cases = blocks.flatMap(({ rule, examples }) =>
  examples.map((given, index) => ({
    name: `${JSON.stringify(rule).slice(0, 100)}, example ${index + 1}`,
    rule,
    given,
  })),
);

const basket = { currency: "EUR", items: [{ sku: "hat", quantity: 1, unit_amount: 2000 }] };

function customerOf(given: NonNullable<z.output<typeof example>["customer"]>): CustomerFacts {
  const { is_new: isNew, created_at: createdAt, history, ...rest } = given;
  const answers = history.map(({ on, name, window_days: windowDays, value }) => [
    historyKey({ on, name, windowDays }),
    value,
  ]);
  return {
    ...rest,
    id: "cus_ada",
    blocked: false,
    inGlobalHoldout: false,
    isNew,
    createdAt: createdAt === null ? null : Date.parse(createdAt),
    history: Object.fromEntries(answers),
  };
}

function contextOf(given: z.output<typeof example>): RuleContext {
  const now = Date.parse(given.at);
  const order = toOrderFacts(orderBody.parse({ ...basket, ...given.order }));
  const amount = order.items.reduce((sum, line) => sum + line.quantity * line.unitAmount, 0);
  const { time, weekday, date } = localTime(now, given.time_zone);
  return {
    now,
    order,
    customer: given.customer === null ? null : customerOf(given.customer),
    localTime: time,
    localWeekday: weekday,
    localDate: date,
    languages: given.languages,
    amount,
    amountLeft: given.amount_left ?? amount,
    item: null,
  };
}

describe("docs/rules.md", () => {
  it.each(cases)("$name", ({ rule, given }) => {
    const seen = contextOf(given);
    const trace = evaluate(rule, seen);
    expect(trace.met).toBe(given.met);
    expect(isMet(rule, seen)).toBe(given.met);
    const about = { currency: seen.order.currency, hasCustomer: seen.customer !== null, languages: seen.languages };
    const reasons = explain(rule, trace, "rules", about);
    expect(reasons).toMatchObject(given.reasons ?? (given.met ? [] : [{}]));
  });

  it("has an example of every path and every operator", () => {
    const used = JSON.stringify(blocks.map(({ rule }) => rule));
    // The older name of a path needs no example of its own.
    const wanted = paths.map(({ path }) => path).filter((path) => path !== "order.payment_method");
    expect(wanted.filter((path) => !used.includes(`"on":"${path}`))).toEqual([]);
    expect(operatorNames.filter((op) => !used.includes(`"op":"${op}"`))).toEqual([]);
  });

  it("names every path and every operator in its tables", () => {
    const tables = text.split("\n").filter((line) => line.startsWith("|"));
    const named = tables.join("\n");
    expect(operatorNames.filter((op) => !named.includes(`\`${op}\``))).toEqual([]);
    expect(paths.filter(({ path }) => !named.includes(`\`${path}`)).map(({ path }) => path)).toEqual([]);
  });

  it("shows each example as a rule that is stored as it is written", () => {
    for (const { rule } of blocks)
      expect(rulesSchema.parse(JSON.parse(JSON.stringify(rule))) satisfies Rule).toEqual(rule);
  });
});
