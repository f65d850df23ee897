/** The form of a segment's rules gives back what is stored, or there is none. */
import { expect, it } from "vitest";
import { formOfRules, rulesOf } from "../../../api/console/segments/conditions.ts";
import { segmentRules } from "../../../api/segments/rules/schema.ts";

const throughForm = (leaf: object) => {
  const form = formOfRules(segmentRules.parse({ any: [leaf] }));
  return form && (rulesOf(form) as { any: object[] }).any[0];
};
const signedUp = { on: "customer.created_at", op: "greater_or_equal" };
const city = { on: "customer.attributes.city", op: "any_of" };

it("keeps instants, also those that came with an offset or with seconds", () => {
  for (const [stored, kept] of [
    ["2026-01-01T00:00:00+02:00", "2025-12-31T22:00:00.000Z"],
    ["2026-01-01T10:20:30Z", "2026-01-01T10:20:30.000Z"],
  ]) {
    expect(throughForm({ ...signedUp, value: stored })).toEqual({ ...signedUp, value: kept });
  }
  const range = { ...signedUp, op: "between", value: ["2026-01-01T00:00:00Z", "2026-02-01T00:00:00+01:00"] };
  expect(throughForm(range)).toEqual({ ...range, value: ["2026-01-01T00:00:00.000Z", "2026-01-31T23:00:00.000Z"] });
});

it("keeps what its fields can hold", () => {
  for (const leaf of [
    { ...city, value: ["Berlin", "Hamburg"] },
    { ...city, value: [1, 2] },
    { ...city, op: "exists", value: false },
    { on: "customer.orders_count", op: "between", value: [1, 3], window_days: 30 },
    { on: "customer.birthday", op: "within", value: { days_before: 3, days_after: 0 } },
    { on: "customer.tags.vip", op: "all_of", value: ["gold"] },
  ]) {
    expect(throughForm(leaf)).toEqual(leaf);
  }
});

it("has no form for what it would change", () => {
  for (const leaf of [
    { ...city, value: ["Berlin, Mitte"] },
    { ...city, op: "equals", value: "10115" },
    { ...city, op: "starts_with", value: " B" },
    { ...city, op: "equals", value: "two\nlines" },
    { ...signedUp, value: "2026-01-01T00:00:00.500Z" },
  ]) {
    expect(throughForm(leaf)).toBeUndefined();
  }
});
