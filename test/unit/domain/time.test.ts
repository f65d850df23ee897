import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatInstant, parseInstant, parseLocalTime } from "../../../api/domain/time.ts";

describe("instants", () => {
  it("are read back as they were written", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253_402_300_799_999 }), (ms) => {
        expect(parseInstant(formatInstant(ms))).toBe(ms);
      }),
    );
  });

  it.each([
    ["2026-05-14T12:30:00Z", Date.UTC(2026, 4, 14, 12, 30)],
    ["2026-05-14T14:30:00+02:00", Date.UTC(2026, 4, 14, 12, 30)],
    ["2026-05-14T07:00:00.123456-05:30", Date.UTC(2026, 4, 14, 12, 30, 0, 123)],
    ["2024-02-29T00:00:00Z", Date.UTC(2024, 1, 29)],
    ["0001-01-01T00:00:00Z", -62_135_596_800_000],
  ])("reads %s", (text, ms) => {
    expect(parseInstant(text)).toBe(ms);
  });

  it.each([
    "2026-02-29T00:00:00Z",
    "2100-02-29T00:00:00Z",
    "2026-04-31T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-05-14T24:00:00Z",
    "2026-05-14T12:30:00",
    "2026-05-14",
    "2026-05-14T12:30:00+25:00",
    "yesterday",
    "",
  ])("refuses %j", (text) => {
    expect(parseInstant(text)).toBeNull();
  });
});

describe("times of day", () => {
  it.each([
    ["00:00", 0],
    ["09:05", 545],
    ["23:59", 1_439],
    ["24:00", null],
    ["9:05", null],
    ["12:60", null],
  ])("reads %j as %j", (text, minutes) => {
    expect(parseLocalTime(text)).toBe(minutes);
  });
});
