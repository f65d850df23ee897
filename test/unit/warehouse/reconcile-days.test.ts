import { describe, expect, it } from "vitest";
import { countDays, includesDay, toDays, withinPostgres, withinWarehouse } from "../../../warehouse/reconcile-days.ts";

describe("the days of a comparison", () => {
  it("are ranges of days that follow each other, each day once", () => {
    const days = toDays(["2026-03-01", "2026-02-28", "2026-03-01", "2025-12-31"]);
    expect(days).toEqual([
      { from: "2025-12-31", to: "2026-01-01" },
      { from: "2026-02-28", to: "2026-03-02" },
    ]);
    expect(countDays(days)).toBe(3);
    expect(
      ["2025-12-30", "2025-12-31", "2026-01-01", "2026-03-01", "2026-03-02"].map((day) => includesDay(days, day)),
    ).toEqual([false, true, false, true, false]);
  });

  it("are everything between the first and the last when they are too many", () => {
    const everySecond = Array.from({ length: 60 }, (_, at) =>
      new Date(Date.UTC(2026, 0, 1 + 2 * at)).toISOString().slice(0, 10),
    );
    expect(toDays(everySecond)).toEqual([{ from: "2026-01-01", to: "2026-04-30" }]);
  });

  it("never bring anything but days into a query", () => {
    for (const text of ["2026-13-01", "2026-1-1", "'; drop table outbox --", "2026-01-01' or true --"]) {
      expect(() => toDays([text])).toThrow(RangeError);
    }
  });

  it("are all days when there are none, and no day when the list is empty", () => {
    expect([withinPostgres("at", undefined), withinWarehouse(undefined)]).toEqual(["true", "1"]);
    expect([withinPostgres("at", []), withinWarehouse([])]).toEqual(["(false)", "(0)"]);
  });
});
