import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import { readCurrencies } from "../../../api/dashboards/scope.ts";
import { minorDigits } from "../../../api/domain/money.ts";

const components = pathToFileURL("dashboards/components/money.js").href;

it("shows amounts with the digits that ISO 4217 says, on the pages as in the figures behind them", async () => {
  const { money, compactMoney } = await import(components);
  for (const currency of Intl.supportedValuesOf("currency")) {
    const whole = `1${"0".repeat(minorDigits(currency))}`;
    expect(money(Number(whole), currency).replace(/[^\d]/g, ""), currency).toBe(whole);
  }
  expect(compactMoney(120_050, "HUF")).toContain("1,200.50");
  const rows = [{ currency: "HUF", first_day: "2026-01-01", last_day: "2026-01-02" }];
  const warehouse = { query: async () => ({ json: async () => rows }) };
  expect(await readCurrencies(warehouse as never, "prj_1")).toMatchObject([{ currency: "HUF", minor_units: 100 }]);
});
