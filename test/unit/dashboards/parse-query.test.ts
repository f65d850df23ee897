/** What a page's query may say, and what Evidence makes of it on the way. */
import { describe, expect, it } from "vitest";

interface Parsed {
  readonly what: string;
  readonly table: string;
  readonly parameters: Readonly<Record<string, string>>;
}
const address = new URL("../../../dashboards/universal-arrow/parse-query.js", import.meta.url).href;
const { parseQuery } = (await import(address)) as { parseQuery(sql: string): Parsed };

const plain = "select * from warehouse.days(days := '28', currency := 'EUR')";
const parameters = { days: "28", currency: "EUR" };

/** As Evidence sends it. */
function wrapped(sql: string): string {
  return `SELECT * FROM (${sql}\n) AS "inputQuery-x7"`;
}

describe("parseQuery", () => {
  it("finds the table and its parameters", () => {
    expect(parseQuery(plain)).toEqual({ what: "rows", table: "warehouse.days", parameters });
    const bare = { what: "rows", table: "warehouse.days", parameters: {} };
    expect(parseQuery("SELECT * FROM warehouse.days")).toEqual(bare);
    expect(parseQuery("select * from warehouse.days()")).toEqual(bare);
  });

  it("sees through what Evidence puts around it", () => {
    const expected = { table: "warehouse.days", parameters };
    expect(parseQuery(`---- Data days abc\n${wrapped(plain)}\n`)).toEqual({ what: "rows", ...expected });
    expect(parseQuery(`---- Columns days (abc)\nDESCRIBE ${wrapped(plain)}\n`)).toEqual({
      what: "columns",
      ...expected,
    });
    const counted = `---- Length days (abc)\nSELECT COUNT(*) as rowCount FROM (${wrapped(plain)})\n`;
    expect(parseQuery(counted)).toEqual({ what: "count", ...expected });
  });

  it("lets the last of two values win, so that a page can narrow what the address says", () => {
    expect(parseQuery("select * from w.t(campaign := '', campaign := 'cam_1')").parameters).toEqual({
      campaign: "cam_1",
    });
  });

  it("keeps quotes, commas and brackets inside a value", () => {
    const value = "it''s (a), 'b' := ";
    const text = `select * from w.t(reason := '${value.replaceAll("'", "''")}', days := '7')`;
    expect(parseQuery(wrapped(text)).parameters).toEqual({ reason: value, days: "7" });
  });

  it.each([
    "select a from warehouse.days",
    "select * from warehouse.days where 1 = 1",
    "select * from warehouse.days(days := 28)",
    "select * from warehouse.days('x')",
    "drop table warehouse.days",
    "",
  ])("refuses %j and says what a page may ask", (sql) => {
    expect(() => parseQuery(sql)).toThrow(/whole tables|no parameters/);
  });
});
