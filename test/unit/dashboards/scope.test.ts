import { describe, expect, it } from "vitest";
import { type Money, parseScope, resolveScope } from "../../../api/dashboards/scope.ts";

const euro: Money = { currency: "EUR", minor_units: 100, first_day: "2017-01-01", last_day: "2017-12-31" };
const yen: Money = { currency: "JPY", minor_units: 1, first_day: "2018-02-01", last_day: "2018-02-03" };
const now = new Date("2026-11-23T10:00:00Z");

function resolve(query: Record<string, string>, currencies: readonly Money[] = [euro, yen]) {
  return resolveScope(parseScope(query), currencies, now);
}

describe("what a page looks at", () => {
  it("ends a quick range with the newest day that has data, and compares with as many days before", () => {
    expect(resolve({})).toMatchObject({ since: "2017-12-04", until: "2017-12-31", before: "2017-11-06" });
    expect(resolve({ days: "1" })).toMatchObject({ since: "2017-12-31", until: "2017-12-31", before: "2017-12-30" });
  });

  it("has nothing to compare all days with", () => {
    expect(resolve({ days: "all" })).toMatchObject({ since: "2017-01-01", until: "2017-12-31", before: null });
  });

  it("prefers the days that were named, open at either end", () => {
    const march = { from: "2017-03-01", to: "2017-03-31", days: "7" };
    expect(resolve(march)).toMatchObject({ since: "2017-03-01", until: "2017-03-31", before: "2017-01-29" });
    expect(resolve({ from: "2017-12-30" })).toMatchObject({ since: "2017-12-30", until: "2017-12-31" });
    expect(resolve({ from: "2020-01-01" })).toMatchObject({ since: "2020-01-01", until: "2020-01-01" });
    expect(resolve({ to: "2017-01-07", days: "7" })).toMatchObject({ since: "2017-01-01", until: "2017-01-07" });
  });

  it("takes the most used currency, or the one that was named if the project has it", () => {
    expect(resolve({})).toMatchObject({ currency: "EUR", minor_units: 100 });
    expect(resolve({ currency: "JPY" })).toMatchObject({ currency: "JPY", minor_units: 1, until: "2018-02-03" });
    expect(resolve({ currency: "USD" })).toMatchObject({ currency: "EUR" });
  });

  it("looks at today where nothing has happened", () => {
    expect(resolve({ days: "7" }, [])).toMatchObject({ currency: "", since: "2026-11-17", until: "2026-11-23" });
  });

  it("never looks at more days than a chart can show", () => {
    const scope = resolve({ from: "1971-01-01", to: "2017-12-31" });
    expect(scope.since).toBe("2007-12-25");
    expect(resolve({ from: "1970-01-01", to: "1970-01-05" }).before).toBe("1970-01-01");
  });

  it.each([
    [{ days: "0" }, "/days"],
    [{ days: "soon" }, "/days"],
    [{ from: "2017-02-30" }, "/from"],
    [{ from: "1969-12-31" }, "/from"],
    [{ from: "2017-02-02", to: "2017-02-01" }, "/to"],
    [{ currency: "eur" }, "/currency"],
    [{ campaign: "x".repeat(201) }, "/campaign"],
  ])("refuses %j and names the parameter", (query: Record<string, string>, pointer) => {
    expect(() => parseScope(query)).toThrow(
      expect.objectContaining({ options: { errors: [expect.objectContaining({ in: "query", pointer })] } }),
    );
  });

  it("takes an empty parameter for none", () => {
    expect(parseScope({ days: "", from: "", campaign: "" })).toMatchObject({ days: 28, campaign: "" });
  });
});
