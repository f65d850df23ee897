import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const folder = join(import.meta.dirname, "../../../api/db/migrations");
/** Those before were made when there was nothing to index. */
const first = "031";

it("an index on a table that is there already is made while the shop sells: without locking it, alone in its file", () => {
  const files = readdirSync(folder).filter((name) => name >= first);
  const made = files.flatMap((name) => {
    const sql = readFileSync(join(folder, name), "utf8");
    const own = new Set([...sql.matchAll(/create table (\w+)/g)].map(([, table]) => table));
    return [...sql.matchAll(/create (?:unique )?index (?:concurrently )?(?:if not exists )?(\w+)\s+on (\w+)/g)]
      .filter(([, , table]) => !own.has(table))
      .map(([statement, index]) => ({
        index,
        isLive: sql.startsWith("-- no transaction") && /concurrently/.test(statement),
      }));
  });
  expect(made.length).toBeGreaterThan(1);
  expect(made.filter(({ isLive }) => !isLive)).toEqual([]);
});
