import { describe, expect, it } from "vitest";
import { documentMarts, parseMart, readMarts } from "../../../warehouse/document-marts.ts";

const view = (columns: string, comment = "-- Grain: a thing. What surprises.\n--\n-- And more\n-- of it.\n") =>
  `${comment}CREATE OR REPLACE VIEW {database}.things {on_cluster}\n(\n${columns}\n)\nAS SELECT 1;\n`;

describe("the page of the warehouse", () => {
  it("is what the SQL of the marts says: npm run warehouse-docs", async () => {
    const { now, fresh } = await documentMarts();
    expect(now).toBe(fresh);
  });

  it("has every mart, and each begins with the project", async () => {
    const marts = await readMarts();
    expect(marts.length).toBeGreaterThan(30);
    expect(marts.filter((mart) => mart.columns[0]?.name !== "project_id").map((mart) => mart.name)).toEqual([]);
    expect(new Set(marts.map((mart) => mart.name)).size).toBe(marts.length);
  });

  it("takes a mart apart", () => {
    const sql = view("  a String COMMENT 'It''s a',\n  `index` Nullable(DateTime64(3, 'UTC')) COMMENT 'When, or null'");
    expect(parseMart("10_things.sql", sql)).toEqual({
      name: "things",
      grain: "a thing",
      notes: ["What surprises.", "And more of it."],
      columns: [
        { name: "a", type: "String", comment: "It's a" },
        { name: "index", type: "Nullable(DateTime64(3, 'UTC'))", comment: "When, or null" },
      ],
    });
  });

  it.each([
    ["a grain", "10_things.sql", view("  a String COMMENT 'a'", "-- A thing.\n")],
    ["a comment", "10_things.sql", view("  a String COMMENT 'a',\n  b String")],
    ["a comment that says something", "10_things.sql", view("  a String COMMENT ''")],
    ["its own name", "10_others.sql", view("  a String COMMENT 'a'")],
  ])("refuses a mart without %s", (_, file, sql) => {
    expect(() => parseMart(file, sql)).toThrow(file);
  });
});
