import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { subjectTypes } from "../../../api/audit-log/schemas.ts";

const folder = join(import.meta.dirname, "../../../api/db/migrations");

it("everything that a trigger writes into the audit log can be asked for by its type", () => {
  const sql = readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8"));
  const written = sql.flatMap((text) => [
    ...text.matchAll(/(?:execute function audit_(?:change|many)\(|perform audit\(\s*\w+\.project_id, )'(\w+)'/g),
  ]);
  expect(written.length).toBeGreaterThan(20);
  expect(
    written.map(([, type]) => type).filter((type) => !(subjectTypes as readonly string[]).includes(type ?? "")),
  ).toEqual([]);
});
