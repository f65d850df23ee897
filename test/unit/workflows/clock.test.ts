import fc from "fast-check";
import { expect, it } from "vitest";
import { nextAt, quietUntil, yearlyMoment, zoneOf } from "../../../api/workflows/clock.ts";

const at = (text: string) => new Date(text);

it("finds the next time of day, also where the clocks leave it out or show it twice", () => {
  expect(nextAt(at("2026-03-02T10:00:00Z"), "10:00", "UTC")).toEqual(at("2026-03-03T10:00:00Z"));
  expect(nextAt(at("2026-03-02T09:59:59Z"), "10:00", "UTC")).toEqual(at("2026-03-02T10:00:00Z"));
  // 29 March: 02:30 does not exist in Berlin; 03:30 is half an hour after the change.
  expect(nextAt(at("2026-03-28T23:00:00Z"), "02:30", "Europe/Berlin")).toEqual(at("2026-03-29T01:30:00Z"));
  // 25 October: 02:30 comes twice, and the first is meant.
  expect(nextAt(at("2026-10-24T23:00:00Z"), "02:30", "Europe/Berlin")).toEqual(at("2026-10-25T00:30:00Z"));
});

it("is quiet from one time to the other, over midnight too", () => {
  const night = { from: "21:00", to: "08:00" };
  const day = { from: "08:00", to: "21:00" };
  const berlin = (text: string, quiet: typeof night) =>
    quietUntil(at(text), quiet, "Europe/Berlin")?.toISOString() ?? null;
  expect(berlin("2026-07-01T19:00:00Z", night)).toBe("2026-07-02T06:00:00.000Z");
  expect(berlin("2026-07-01T05:59:00Z", night)).toBe("2026-07-01T06:00:00.000Z");
  expect(berlin("2026-07-01T06:00:00Z", night)).toBeNull();
  expect(berlin("2026-07-01T18:59:59Z", day)).toBe("2026-07-01T19:00:00.000Z");
  expect(quietUntil(at("2026-07-01T00:00:00Z"), undefined, "UTC")).toBeNull();
});

it("ends quiet hours at a moment that is not quiet", () => {
  const time = fc.tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }));
  const text = ([hour, minute]: [number, number]) =>
    `${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`;
  const zone = fc.constantFrom("UTC", "Asia/Kolkata", "America/Los_Angeles", "Pacific/Auckland");
  const instant = fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2027, 0, 1) });
  fc.assert(
    fc.property(time, time, zone, instant, (from, to, name, ms) => {
      fc.pre(text(from) !== text(to));
      const quiet = { from: text(from), to: text(to) };
      const until = quietUntil(new Date(ms), quiet, name);
      if (until === null) return;
      expect(until.getTime()).toBeGreaterThan(ms);
      expect(until.getTime() - ms).toBeLessThanOrEqual(26 * 3_600_000);
      expect(quietUntil(until, quiet, name)).toBeNull();
    }),
    { numRuns: 200 },
  );
});

it("celebrates 29 February on the 28th of common years", () => {
  const options = { daysBefore: 0, at: "09:00", zone: "UTC" };
  expect(yearlyMoment("1996-02-29", 2027, options)).toEqual(at("2027-02-28T09:00:00Z"));
  expect(yearlyMoment("1996-02-29", 2028, options)).toEqual(at("2028-02-29T09:00:00Z"));
  expect(yearlyMoment("1990-01-02", 2027, { ...options, daysBefore: 3 })).toEqual(at("2026-12-30T09:00:00Z"));
});

it("takes the customer's zone where they have one", () => {
  const settings = { time_zone: "Europe/Berlin" };
  expect(zoneOf(settings, { time_zone: "Asia/Tokyo" })).toBe("Asia/Tokyo");
  for (const time_zone of ["Nowhere", 5, null, "+02:00"]) expect(zoneOf(settings, { time_zone })).toBe("Europe/Berlin");
});
