import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inBirthdayWindow } from "../../../../api/domain/rules/birthday.ts";
import { dayNumber, daysInMonth, epochDay, parseWallClock } from "../../../../api/domain/rules/calendar.ts";
import { recurrenceTest } from "../../../../api/domain/rules/recurrence.ts";
import type { BirthdayWindow, Recurrence } from "../../../../api/domain/rules/rule.ts";

const dateOf = (day: number): string => new Date(day * 86_400_000).toISOString().slice(0, 10);

describe("the calendar", () => {
  it("reads dates as the days that they are", () => {
    fc.assert(
      fc.property(fc.integer({ min: -719_162, max: 2_932_896 }), (day) => {
        expect(epochDay(dateOf(day))).toBe(day);
      }),
    );
  });

  it.each(["2026-02-29", "2100-02-29", "2026-00-10", "2026-13-01", "2026-04-31", "26-04-01", "2026-4-1", ""])(
    "has no %j",
    (text) => {
      expect(epochDay(text)).toBeNull();
    },
  );

  it("counts months on into other years", () => {
    expect(dayNumber(2026, 14, 1)).toBe(epochDay("2027-02-01"));
    expect([daysInMonth(2024, 2), daysInMonth(2026, 2), daysInMonth(2000, 2), daysInMonth(1999, 14)]).toEqual([
      29, 28, 29, 29,
    ]);
  });

  it.each(["2026-05-14", "2026-05-14 10:00", "2026-05-14T24:00", "2026-05-14T10:00:00", "2026-02-30T10:00"])(
    "reads no wall clock from %j",
    (text) => {
      expect(parseWallClock(text)).toBeNull();
    },
  );
});

describe("a window around a birthday", () => {
  it.each<[string, string, BirthdayWindow, boolean]>([
    ["1990-05-14", "2026-05-14", { days_before: 0, days_after: 0 }, true],
    ["1990-05-15", "2026-05-14", { days_before: 0, days_after: 0 }, false],
    ["1990-05-15", "2026-05-14", { days_before: 1, days_after: 0 }, true],
    ["1990-05-13", "2026-05-14", { days_before: 0, days_after: 1 }, true],
    ["1990-05-12", "2026-05-14", { days_before: 0, days_after: 1 }, false],
    ["1990-01-03", "2026-12-30", { days_before: 5, days_after: 0 }, true],
    ["1990-12-30", "2027-01-03", { days_before: 0, days_after: 4 }, true],
    ["1990-12-30", "2027-01-04", { days_before: 0, days_after: 4 }, false],
    // On 28 February in years without a 29th, and nowhere else.
    ["1992-02-29", "2026-02-28", { days_before: 0, days_after: 0 }, true],
    ["1992-02-29", "2026-03-01", { days_before: 0, days_after: 0 }, false],
    ["1992-02-29", "2028-02-28", { days_before: 0, days_after: 0 }, false],
    ["1992-02-29", "2028-02-29", { days_before: 0, days_after: 0 }, true],
    ["not known", "2026-02-28", { days_before: 180, days_after: 180 }, false],
  ])("of %s holds %s in %j: %j", (birthday, today, window, inside) => {
    expect(inBirthdayWindow(window, birthday, today)).toBe(inside);
  });

  it("holds as many days of a year as it says", () => {
    const window = fc.record({
      days_before: fc.integer({ min: 0, max: 180 }),
      days_after: fc.integer({ min: 0, max: 180 }),
    });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20_000 }), window, (born, around) => {
        const year = Array.from({ length: 365 }, (_, day) => dateOf(20_454 + day));
        const inside = year.filter((today) => inBirthdayWindow(around, dateOf(born), today));
        // A birthday on 29 February is 366 days after the one before a leap year's.
        expect(Math.abs(inside.length - (around.days_before + around.days_after + 1))).toBeLessThanOrEqual(1);
      }),
      { numRuns: 50 },
    );
  });
});

describe("a recurring window", () => {
  const evening: Recurrence = { start: "2026-01-05T18:00", duration_minutes: 120, every: "week" };

  it.each<[string, Recurrence, string, boolean]>([
    ["at its start", evening, "2026-01-05T18:00", true],
    ["at its last minute", evening, "2026-01-05T19:59", true],
    ["not at its end", evening, "2026-01-05T20:00", false],
    ["not before the first", evening, "2025-12-29T18:30", false],
    ["a week later", evening, "2026-01-12T18:30", true],
    ["not on another day", evening, "2026-01-13T18:30", false],
    ["not in the week between", { ...evening, interval: 2 }, "2026-01-12T18:30", false],
    ["in the second week", { ...evening, interval: 2 }, "2026-01-19T18:30", true],
    ["not at its last", { ...evening, until: "2026-01-12T18:30" }, "2026-01-12T18:30", false],
    ["before its last", { ...evening, until: "2026-01-12T18:30" }, "2026-01-12T18:29", true],
    ["past midnight", { ...evening, start: "2026-01-05T23:00" }, "2026-01-13T00:59", true],
    ["each day", { ...evening, every: "day" }, "2026-07-19T19:00", true],
    ["each third day", { ...evening, every: "day", interval: 3 }, "2026-01-08T19:00", true],
    [
      "always, when longer than its step",
      { ...evening, every: "day", duration_minutes: 2_000 },
      "2026-07-19T03:00",
      true,
    ],
    ["each month", { ...evening, every: "month" }, "2026-07-05T18:00", true],
    ["each quarter", { ...evening, every: "month", interval: 3 }, "2026-06-05T18:00", false],
    ["on the 31st", { ...evening, start: "2026-01-31T18:00", every: "month" }, "2026-03-31T18:00", true],
    [
      "in no month without a 31st",
      { ...evening, start: "2026-01-31T18:00", every: "month" },
      "2026-04-30T18:30",
      false,
    ],
    ["nor the day after", { ...evening, start: "2026-01-31T18:00", every: "month" }, "2026-05-01T18:30", false],
    [
      "through a month without it, when long enough",
      { start: "2026-01-31T18:00", every: "month", duration_minutes: 60 * 24 * 40 },
      "2026-05-09T18:00",
      true,
    ],
    [
      "but not longer",
      { start: "2026-01-31T18:00", every: "month", interval: 3, duration_minutes: 60 * 24 * 40 },
      "2026-03-12T18:00",
      false,
    ],
    ["each year", { ...evening, start: "2024-02-29T18:00", every: "year" }, "2028-02-29T19:00", true],
    [
      "in no year without 29 February",
      { ...evening, start: "2024-02-29T18:00", every: "year" },
      "2026-02-28T19:00",
      false,
    ],
    ["of what cannot be read", { ...evening, start: "soon" }, "2026-01-05T18:00", false],
    ["at no time at all", evening, "later", false],
  ])("is open %s", (_what, recurrence, wallClock, open) => {
    expect(recurrenceTest(recurrence)(wallClock)).toBe(open);
  });

  it("is open whenever one of its windows is, counted one by one", () => {
    const anyRecurrence = fc.record({
      day: fc.integer({ min: 20_000, max: 20_800 }),
      duration_minutes: fc.integer({ min: 1, max: 100_000 }),
      every: fc.constantFrom("day" as const, "week" as const, "month" as const, "year" as const),
      interval: fc.integer({ min: 1, max: 14 }),
    });
    const clock = (minutes: number): string => new Date(minutes * 60_000).toISOString().slice(0, 16);
    fc.assert(
      fc.property(
        anyRecurrence,
        fc.integer({ min: 0, max: 1_500_000 }),
        ({ day, every, interval, duration_minutes }, later) => {
          const start = day * 1_440 + 600;
          const now = start + later;
          const starts: number[] = [];
          const first = new Date(start * 60_000);
          for (let step = 0; ; step += interval) {
            const next = new Date(first);
            if (every === "day") next.setUTCDate(first.getUTCDate() + step);
            if (every === "week") next.setUTCDate(first.getUTCDate() + 7 * step);
            if (every === "month") next.setUTCMonth(first.getUTCMonth() + step);
            if (every === "year") next.setUTCFullYear(first.getUTCFullYear() + step);
            if (next.getTime() / 60_000 > now) break;
            const exists = every === "day" || every === "week" || next.getUTCDate() === first.getUTCDate();
            if (exists) starts.push(next.getTime() / 60_000);
          }
          const open = starts.some((from) => now < from + duration_minutes);
          expect(recurrenceTest({ start: clock(start), duration_minutes, every, interval })(clock(now))).toBe(open);
        },
      ),
      { numRuns: 500 },
    );
  });
});
