import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { money } from "../../../api/console/format.tsx";
import { instantOf, instantsIn, localText } from "../../../api/console/parts/moments.tsx";
import { decimalOf, minorOf, wholeOf } from "../../../api/console/parts/money.ts";
import { plainFault } from "../../../api/console/parts/plain-fault.ts";
import { freshSheet, refusedSheet, tickedIn, typedIn } from "../../../api/console/parts/sheet.ts";
import { Problem } from "../../../api/http/problem.ts";

describe("amounts", () => {
  it("are read back as they were written, in every currency", () => {
    fc.assert(
      fc.property(fc.nat(1_000_000_000_000), fc.constantFrom("EUR", "JPY", "KWD"), (amount, currency) => {
        expect(minorOf(decimalOf(amount, currency), currency)).toBe(amount);
      }),
    );
  });

  it("may have a comma and blanks, and are never rounded", () => {
    expect(minorOf("12,5", "EUR")).toBe(1_250);
    expect(minorOf(" 1 200 ", "EUR")).toBe(120_000);
    expect(minorOf("7", "JPY")).toBe(7);
    // A hundredth, whatever Intl shows of it.
    expect(minorOf("1 200,50", "HUF")).toBe(120_050);
    expect(money(120_050, "HUF")).toBe("HUF\u00a01,200.50");
    expect(minorOf("", "EUR")).toBeUndefined();
    for (const text of ["12.505", "1,200.50", "twelve", "-5", "1e5"]) expect(minorOf(text, "EUR")).toBe(text);
    expect(minorOf("7.5", "JPY")).toBe("7.5");
    expect([wholeOf("12"), wholeOf("1.5"), wholeOf(" ")]).toEqual([12, "1.5", undefined]);
  });
});

describe("local times", () => {
  it("are read back as they were written, wherever it is", () => {
    const places = fc.constantFrom("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe");
    const minutes = fc.integer({ min: 0, max: 60_000_000 });
    fc.assert(
      fc.property(minutes, places, (minute, timeZone) => {
        const text = localText(new Date(minute * 60_000).toISOString(), timeZone);
        expect(localText(instantOf(text, timeZone), timeZone)).toBe(text);
      }),
    );
  });

  it("take the hour after the one that the clocks skip, and the first of one that comes twice", () => {
    expect(instantOf("2026-03-29T02:30", "Europe/Berlin")).toBe("2026-03-29T01:30:00.000Z");
    expect(instantOf("2026-10-25T02:30", "Europe/Berlin")).toBe("2026-10-25T00:30:00.000Z");
    expect(instantOf("2026-12-01T09:00", "Europe/Berlin")).toBe("2026-12-01T08:00:00.000Z");
    expect(instantOf("tomorrow", "Europe/Berlin")).toBe("tomorrow");
    expect(instantOf("", "Europe/Berlin")).toBeUndefined();
  });

  it("that nobody changed stay the instants that are stored, also in the second of two equal hours", () => {
    const ends_at = "2026-10-25T01:30:00.000Z";
    const rules = { all: [{ on: "time.at", op: "less_than", value: "2026-10-25T01:45:00.250Z" }] };
    const stored = instantsIn({ name: "2026-10-25", ends_at, rules });
    expect(stored).toEqual([ends_at, "2026-10-25T01:45:00.250Z"]);
    for (const at of stored) expect(instantOf(localText(at, "Europe/Berlin"), "Europe/Berlin", stored)).toBe(at);
    expect(instantOf("2026-10-25T02:31", "Europe/Berlin", stored)).toBe("2026-10-25T00:31:00.000Z");
  });
});

describe("a form that was refused", () => {
  it("shows what was typed, and each fault at its field", () => {
    const errors = [
      { pointer: "/limits/per_customer", detail: "Too small: expected number to be >=1" },
      { pointer: "/metadata/a~1b", detail: "must be text" },
    ];
    const problem = new Problem("invalid_request", "body /limits/per_customer: Too small", { errors });
    const sheet = refusedSheet({ name: ["typed"], automatic: ["on"] }, problem);
    expect(Object.fromEntries(sheet.faults)).toEqual({
      "limits.per_customer": "At least 1, please.",
      "metadata.a/b": "Must be text.",
    });
    expect(sheet.refused).toBeUndefined();
    expect([typedIn(sheet, "name", "stored"), typedIn(sheet, "team", "stored")]).toEqual(["typed", ""]);
    expect([tickedIn(sheet, "automatic"), tickedIn(sheet, "holdout_codes", true)]).toEqual([true, false]);
    expect([typedIn(freshSheet, "name", "stored"), tickedIn(freshSheet, "automatic", true)]).toEqual(["stored", true]);
  });

  it("says what no field is to blame for", () => {
    const sheet = refusedSheet({}, new Problem("conflict", "Somebody was faster."));
    expect([sheet.refused, sheet.faults.size]).toEqual(["Somebody was faster.", 0]);
  });

  it("says in plain words what a schema says", () => {
    expect(plainFault("Too small: expected string to have >=1 characters")).toBe("Please fill this in.");
    expect(plainFault("Invalid input: expected number, received string")).toBe("A number, please.");
    expect(plainFault("must be after starts_at")).toBe("Must be after starts_at.");
  });
});
