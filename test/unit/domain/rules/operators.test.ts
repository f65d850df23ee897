import { describe, expect, it } from "vitest";
import type { FactValue } from "../../../../api/domain/reason.ts";
import { operators } from "../../../../api/domain/rules/operators/table.ts";
import type { PathType } from "../../../../api/domain/rules/paths.ts";
import type { Operand, Operator } from "../../../../api/domain/rules/rule.ts";

type Row = [actual: FactValue, expected: Operand, met: boolean, type?: PathType];

const late = "2026-05-14T12:30:00.000Z";
const today = "2026-05-14";
const berlin = { center: [13.405, 52.52], radius_m: 10_000 } as const;

const tables: Readonly<Record<Operator, readonly Row[]>> = {
  equals: [
    [5, 5, true],
    [5, 6, false],
    ["web", "web", true],
    ["Web", "web", false],
    ["5", 5, false],
    [true, true, true],
    [0, false, false],
    [null, "web", false],
    [["a"], "a", false],
  ],
  not_equals: [
    [5, 5, false],
    [5, 6, true],
    ["5", 5, true],
    [null, "web", true],
  ],
  greater_than: [
    [5, 5, false],
    [6, 5, true],
    [0.2, 0.1, true],
    ["6", 5, false],
    [null, 5, false],
    [late, "2026-05-14T14:29:59+02:00", true, "instant"],
    [late, "2026-05-14T14:30:00+02:00", false, "instant"],
    ["14:30", "09:00", true, "local_time"],
    ["b", "a", false, "scalar"],
  ],
  greater_or_equal: [
    [5, 5, true],
    [4, 5, false],
    [null, 0, false],
    [late, "2026-05-14T14:30:00+02:00", true, "instant"],
  ],
  less_than: [
    [5, 5, false],
    [4, 5, true],
    [null, 5, false],
    ["08:59", "09:00", true, "local_time"],
  ],
  less_or_equal: [
    [5, 5, true],
    [6, 5, false],
    [null, 5, false],
  ],
  between: [
    [5, [5, 7], true],
    [7, [5, 7], true],
    [8, [5, 7], false],
    [4, [5, 7], false],
    [null, [0, 7], false],
    ["6", [5, 7], false],
    [late, ["2026-05-14T12:30:00Z", "2026-05-15T00:00:00Z"], true, "instant"],
    [late, ["2026-05-01T00:00:00Z", "2026-05-14T12:30:00Z"], false, "instant"],
    ["09:00", ["09:00", "17:00"], true, "local_time"],
    ["17:00", ["09:00", "17:00"], false, "local_time"],
    ["23:30", ["22:00", "06:00"], true, "local_time"],
    ["05:59", ["22:00", "06:00"], true, "local_time"],
    ["06:00", ["22:00", "06:00"], false, "local_time"],
    ["12:00", ["22:00", "06:00"], false, "local_time"],
    ["12:00", ["06:00", "06:00"], true, "local_time"],
    ["2026-12-26", ["2026-12-24", "2026-12-26"], true, "date"],
    ["2026-12-27", ["2026-12-24", "2026-12-26"], false, "date"],
    ["2026-02-30", ["2026-01-01", "2026-12-31"], false, "date"],
    [5, 5, false],
    [5, [], false],
  ],
  any_of: [
    ["web", ["web", "app"], true],
    ["WEB", ["web"], false],
    [5, [4, 5], true],
    [["a", "b"], ["b", "c"], true],
    [["a"], ["b"], false],
    [null, ["web"], false],
    [[], ["web"], false],
  ],
  none_of: [
    ["web", ["web", "app"], false],
    ["pos", ["web", "app"], true],
    [["a", "b"], ["b", "c"], false],
    [["a"], ["b"], true],
    [null, ["web"], true],
    [[], ["web"], true],
  ],
  all_of: [
    [["a", "b", "c"], ["a", "c"], true],
    [["a"], ["a", "c"], false],
    ["a", ["a"], true],
    [null, ["a"], false],
    [[], ["a"], false],
  ],
  starts_with: [
    ["SKU-1", "SKU", true],
    ["sku-1", "SKU", false],
    [5, "5", false],
    [null, "S", false],
  ],
  ends_with: [
    ["shoe-XL", "XL", true],
    ["shoe-xl", "XL", false],
    [null, "XL", false],
  ],
  matches: [
    ["SKU-123", "^SKU-[0-9]+$", true],
    ["SKU-123-X", "^SKU-[0-9]+$", false],
    ["a SKU-123", "SKU-[0-9]+", true],
    ["sku-1", "SKU", false],
    ["sku-1", "(?i)SKU", true],
    ["Größe", "^\\p{L}+$", true],
    ["aaaa", "(a+)+b", false],
    ["a".repeat(1_001), "a", false],
    ["(", "(", false],
    [5, "5", false],
    [["SKU"], "SKU", false],
    ["SKU", 5, false],
    [null, ".*", false],
  ],
  multiple_of: [
    [9, 3, true],
    [10, 3, false],
    [0, 3, false],
    [-3, 3, false],
    [3, 3, true],
    [1.5, 1, false],
    ["9", 3, false],
    [9, 0, false],
    [null, 3, false],
  ],
  within: [
    [[13.4, 52.5], berlin, true, "location"],
    [[11.58, 48.14], berlin, false, "location"],
    [[13.4], berlin, false, "location"],
    ["13.4, 52.5", berlin, false, "location"],
    [null, berlin, false, "location"],
    ["1990-05-20", { days_before: 6, days_after: 0 }, true, "birthday"],
    ["1990-05-21", { days_before: 6, days_after: 0 }, false, "birthday"],
    [null, { days_before: 180, days_after: 180 }, false, "birthday"],
    ["2026-05-14T18:30", { start: "2026-01-01T18:00", duration_minutes: 60, every: "day" }, true, "recurring"],
    ["2026-05-14T19:00", { start: "2026-01-01T18:00", duration_minutes: 60, every: "day" }, false, "recurring"],
    [null, { start: "2026-01-01T18:00", duration_minutes: 60, every: "day" }, false, "recurring"],
    // Each kind of window belongs to its own kind of fact.
    ["1990-05-20", berlin, false, "birthday"],
    [[13.4, 52.5], { days_before: 1, days_after: 1 }, false, "location"],
    ["web", berlin, false, "text"],
    [5, 5, false],
  ],
  exists: [
    ["", true, true],
    [0, true, true],
    [false, true, true],
    [null, true, false],
    [[], true, false],
    ["x", false, false],
    [null, false, true],
    [[], false, true],
  ],
};

for (const [op, rows] of Object.entries(tables)) {
  describe(op, () => {
    it.each<Row>(rows)("of %j with %j is %j", (actual, expected, met, type) => {
      const assumed = type ?? (typeof actual === "number" ? "number" : "scalar");
      expect(operators[op as Operator](expected, assumed)(actual, today)).toBe(met);
    });
  });
}

it("meets nothing but not_equals, none_of and exists: false when the fact is absent", () => {
  const operands: readonly Operand[] = [5, "a", ["a"], [1, 2], true, false, berlin, { days_before: 1, days_after: 1 }];
  for (const [op, operate] of Object.entries(operators)) {
    for (const operand of operands) {
      const expected = op === "not_equals" || op === "none_of" || (op === "exists" && operand !== true);
      expect([op, operand, operate(operand, "scalar")(null, today)]).toEqual([op, operand, expected]);
    }
  }
});
