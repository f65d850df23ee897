import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bucketOf, localTime } from "../../../api/redemptions/local-time.ts";

const at = (text: string): number => Date.parse(text);

describe("localTime", () => {
  it.each([
    ["2026-11-22T23:30:00Z", "Europe/Berlin", { time: "00:30", weekday: 1, date: "2026-11-23" }],
    ["2026-11-22T23:30:00Z", "UTC", { time: "23:30", weekday: 0, date: "2026-11-22" }],
    ["2026-11-22T23:30:59.999Z", "America/New_York", { time: "18:30", weekday: 0, date: "2026-11-22" }],
    ["2026-11-22T23:30:00Z", "Asia/Kathmandu", { time: "05:15", weekday: 1, date: "2026-11-23" }],
    ["2026-11-22T12:00:00Z", "Pacific/Kiritimati", { time: "02:00", weekday: 1, date: "2026-11-23" }],
    // The clocks jump from 02:00 to 03:00.
    ["2026-03-29T00:59:59Z", "Europe/Berlin", { time: "01:59", weekday: 0, date: "2026-03-29" }],
    ["2026-03-29T01:00:00Z", "Europe/Berlin", { time: "03:00", weekday: 0, date: "2026-03-29" }],
    // They show 02:00 to 03:00 twice.
    ["2026-10-25T00:30:00Z", "Europe/Berlin", { time: "02:30", weekday: 0, date: "2026-10-25" }],
    ["2026-10-25T01:30:00Z", "Europe/Berlin", { time: "02:30", weekday: 0, date: "2026-10-25" }],
    // Half an hour of daylight saving.
    ["2026-10-03T15:29:00Z", "Australia/Lord_Howe", { time: "01:59", weekday: 0, date: "2026-10-04" }],
    ["2026-10-03T15:30:00Z", "Australia/Lord_Howe", { time: "02:30", weekday: 0, date: "2026-10-04" }],
    // Ramadan: Morocco goes back to UTC.
    ["2026-02-10T12:00:00Z", "Africa/Casablanca", { time: "13:00", weekday: 2, date: "2026-02-10" }],
    ["2026-03-01T12:00:00Z", "Africa/Casablanca", { time: "12:00", weekday: 0, date: "2026-03-01" }],
    // The day that Samoa left out.
    ["2011-12-30T09:59:00Z", "Pacific/Apia", { time: "23:59", weekday: 4, date: "2011-12-29" }],
    ["2011-12-30T10:00:00Z", "Pacific/Apia", { time: "00:00", weekday: 6, date: "2011-12-31" }],
    // 44 minutes and 30 seconds behind UTC.
    ["1971-06-01T00:44:29Z", "Africa/Monrovia", { time: "23:59", weekday: 1, date: "1971-05-31" }],
    ["1971-06-01T00:44:30Z", "Africa/Monrovia", { time: "00:00", weekday: 2, date: "1971-06-01" }],
  ])("of %s in %s is %j", (instant, zone, expected) => {
    expect(localTime(at(instant), zone)).toEqual(expected);
  });

  it("agrees with the platform's own calendar at any instant", () => {
    const zones = [
      "Europe/Berlin",
      "America/New_York",
      "America/Sao_Paulo",
      "Australia/Lord_Howe",
      "Africa/Casablanca",
      "Asia/Tehran",
      "Pacific/Chatham",
      "UTC",
    ];
    const formats = new Map(
      zones.map((timeZone) => [
        timeZone,
        new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "short" }),
      ]),
    );
    const instants = fc.integer({ min: Date.UTC(1975, 0, 1), max: Date.UTC(2037, 0, 1) });
    fc.assert(
      fc.property(instants, fc.constantFrom(...zones), (instant, zone) => {
        const { date, time } = localTime(instant, zone);
        expect(`${date} ${time}`).toBe(formats.get(zone)?.format(instant));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("bucketOf", () => {
  it.each([
    ["2026-11-23T10:59:59.999Z", "hour", "hour 2026-11-23T11+01:00"],
    ["2026-11-22T23:00:00Z", "day", "day 2026-11-23"],
    ["2026-11-22T22:59:59Z", "day", "day 2026-11-22"],
    ["2026-11-22T22:59:59Z", "week", "week 2026-W47"],
    ["2026-11-22T23:00:00Z", "week", "week 2026-W48"],
    ["2027-01-01T12:00:00Z", "week", "week 2026-W53"],
    ["2024-12-30T12:00:00Z", "week", "week 2025-W01"],
    ["2026-11-30T22:59:59Z", "month", "month 2026-11"],
    ["2026-11-30T23:00:00Z", "month", "month 2026-12"],
    ["2026-03-31T21:59:59Z", "quarter", "quarter 2026-Q1"],
    ["2026-03-31T22:00:00Z", "quarter", "quarter 2026-Q2"],
    ["2026-12-31T22:59:59Z", "quarter", "quarter 2026-Q4"],
    ["2026-12-31T23:00:00Z", "year", "year 2027"],
  ] as const)("%s by the %s is %j in Berlin", (instant, period, expected) => {
    expect(bucketOf(at(instant), "Europe/Berlin", period)).toBe(expected);
  });

  it.each([
    [
      "Europe/Berlin",
      "2026-10-25T00:00:00Z",
      ["hour 2026-10-25T02+02:00", "hour 2026-10-25T02+01:00", "hour 2026-10-25T03+01:00"],
    ],
    [
      "America/New_York",
      "2026-11-01T05:00:00Z",
      ["hour 2026-11-01T01-04:00", "hour 2026-11-01T01-05:00", "hour 2026-11-01T02-05:00"],
    ],
    [
      "Europe/Berlin",
      "2026-03-29T00:00:00Z",
      ["hour 2026-03-29T01+01:00", "hour 2026-03-29T03+02:00", "hour 2026-03-29T04+02:00"],
    ],
    [
      "Africa/Casablanca",
      "2026-03-22T01:00:00Z",
      ["hour 2026-03-22T01+00:00", "hour 2026-03-22T03+01:00", "hour 2026-03-22T04+01:00"],
    ],
  ])("keeps the hours of %s apart when its clocks change at %s", (zone, from, expected) => {
    expect([0, 1, 2].map((hour) => bucketOf(at(from) + hour * 3_600_000, zone, "hour"))).toEqual(expected);
  });

  it("gives Lord Howe's repeated half hour a bucket of its own", () => {
    // At 02:00 the clocks go back to 01:30.
    const halves = [0, 1, 2, 3].map((half) =>
      bucketOf(at("2026-04-04T14:00:00Z") + half * 1_800_000, "Australia/Lord_Howe", "hour"),
    );
    expect(halves).toEqual([
      "hour 2026-04-05T01+11:00",
      "hour 2026-04-05T01+11:00",
      "hour 2026-04-05T01+10:30",
      "hour 2026-04-05T02+10:30",
    ]);
  });

  it("counts a day of 23 or 25 hours as one", () => {
    const hours = (from: string, count: number) =>
      new Set(
        Array.from({ length: count }, (_, hour) => bucketOf(at(from) + hour * 3_600_000, "Europe/Berlin", "day")),
      );
    expect([...hours("2026-03-28T23:00:00Z", 23)]).toEqual(["day 2026-03-29"]);
    expect([...hours("2026-10-24T22:00:00Z", 25)]).toEqual(["day 2026-10-25"]);
  });

  it("never comes back to a bucket it has left", () => {
    const zones = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"];
    for (const zone of zones) {
      for (const period of ["hour", "day", "week", "month", "quarter", "year"] as const) {
        const entered: string[] = [];
        for (let now = Date.UTC(2026, 2, 1); now < Date.UTC(2026, 3, 10); now += 1_800_000) {
          const bucket = bucketOf(now, zone, period);
          if (bucket !== entered.at(-1)) entered.push(bucket);
        }
        expect(new Set(entered).size).toBe(entered.length);
      }
    }
  });
});
