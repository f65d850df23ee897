/** What analysts can and cannot ask, on an engine of their own: the filters are in its start-up files. */

import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ClickHouseClient, createClient } from "@clickhouse/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EmbeddedWarehouse, startClickHouse } from "../../api/supervise/stores.ts";
import {
  AccountError,
  addAccount,
  createAccountBook,
  newPassword,
  passwordHash,
  removeAccount,
} from "../../warehouse/analysts/accounts.ts";
import { addAnalystDdl, removeAnalystDdl } from "../../warehouse/analysts/ddl.ts";
import { type Gate, openGate } from "../../warehouse/analysts/gate.ts";
import { visibleTables } from "../../warehouse/analysts/limits.ts";
import { gateUser } from "../../warehouse/analysts/users-xml.ts";
import { createWarehouse } from "../../warehouse/client.ts";
import { migrateWarehouse } from "../../warehouse/migrate.ts";
import { refreshCustomers } from "../../warehouse/refresh-customers.ts";
import { insertShop } from "./sharded-shop.ts";

let dataDir: string;
let engine: EmbeddedWarehouse;
let warehouse: ClickHouseClient;
let gate: Gate;
const password = newPassword();

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "tessera-test-analysts-"));
  engine = await startClickHouse({ dataDir, durable: false, timeoutMs: 60_000 });
  warehouse = createWarehouse({ url: engine.url, database: "tessera" });
  const administration = createWarehouse({ url: engine.url, database: "default" });
  await migrateWarehouse(administration, "tessera");
  await administration.close();
  for (const project of ["prj_own", "prj_other"]) await sell(project);
  add("own_analyst", "prj_own", password);
  gate = await openGate({
    host: "127.0.0.1",
    port: 0,
    warehouse,
    engineUrl: `http://127.0.0.1:${new URL(engine.url).port}`,
    enginePassword: engine.analystsPassword,
    database: "tessera",
    findAccount: createAccountBook(dataDir),
  });
}, 120_000);

afterAll(async () => {
  await gate?.close();
  await warehouse?.close();
  await engine?.server.stop();
  await rm(dataDir, { recursive: true, force: true });
});

function add(name: string, projectId: string, secret: string): void {
  const created_at = "2026-11-01T00:00:00Z";
  addAccount(dataDir, {
    name,
    project_id: projectId,
    project: projectId,
    password_sha256: passwordHash(secret),
    created_at,
  });
}

async function sell(project: string): Promise<void> {
  const values = Array.from({ length: 50 }, (_, at) => ({
    project_id: project,
    event_id: `${project}-${at}`,
    type: "order.paid",
    occurred_at: "2026-10-01 10:00:00.000",
    recorded_at: "2026-11-01 00:00:00.000000",
    customer: `${project}-customer-${at}`,
    order_id: `order-${at}`,
    subject_id: `order-${at}`,
    currency: "EUR",
    amount: 1_000,
    total_amount: 1_000,
    payload: "{}",
  }));
  await warehouse.insert({ table: "events_raw", values, format: "JSONEachRow" });
}

async function ask(sql: string, options: { user?: string; key?: string; query?: string; headers?: object } = {}) {
  const { user = "own_analyst", key = password, query = "", headers = {} } = options;
  const response = await fetch(`http://127.0.0.1:${gate.port}/${query}`, {
    method: "POST",
    headers: { "X-ClickHouse-User": user, "X-ClickHouse-Key": key, ...headers },
    body: sql,
  });
  return { status: response.status, text: (await response.text()).trim() };
}

describe("an analyst", () => {
  it("sees the rows of their project alone, however they are asked for", async () => {
    for (const source of [
      "events_raw",
      "events_raw FINAL",
      "events",
      "orders",
      "customers",
      "merge('tessera', '^(events_raw|events)$')",
      "merge(currentDatabase(), 'orders')",
      "view(SELECT * FROM events_raw)",
      "(SELECT * FROM orders UNION ALL SELECT * FROM orders)",
      "(SELECT o.project_id AS project_id FROM orders AS o CROSS JOIN customers AS c WHERE c.customer != o.customer)",
      "(WITH e AS (SELECT * FROM events_raw) SELECT * FROM e WHERE project_id IN (SELECT project_id FROM events_raw))",
    ]) {
      const { text } = await ask(`SELECT groupUniqArray(project_id) FROM ${source}`);
      expect([source, text]).toEqual([source, "['prj_own']"]);
    }
    expect((await ask("SELECT count() FROM events_raw")).text).toBe("50");
    expect((await ask("SELECT count() FROM events_raw WHERE project_id = 'prj_other' OR 1")).text).toBe("50");
  });

  it("cannot even feel the other rows: no condition of theirs meets them", async () => {
    for (const source of ["events_raw", "events_raw FINAL", "events", "orders"]) {
      const touched = await ask(`SELECT count() FROM ${source} WHERE throwIf(project_id = 'prj_other') = 0`);
      expect([source, touched.status, touched.text]).toEqual([source, 200, "50"]);
      const seen = await ask(`SELECT count() FROM ${source} WHERE customer LIKE 'prj_other%'`);
      expect([source, seen.text]).toEqual([source, "0"]);
    }
    const before = await ask("SELECT count() FROM events_raw PREWHERE throwIf(project_id = 'prj_other') = 0");
    expect(before.text).toBe("50");
  });

  it("is refused what reaches beyond the tables, in every spelling", async () => {
    const file = join(dataDir, "clickhouse", "password");
    for (const sql of [
      `SELECT file('${file}')`,
      `SELECT FILE /* x */ ('${file}')`,
      `SELECT \`f\\x69le\`('${file}')`,
      `SELECT "file"('${file}')`,
      `SELECT * APPLY(file) FROM (SELECT '${file}')`,
      `SELECT * APPLY file FROM (SELECT '${file}')`,
      `SELECT arrayMap(file, ['${file}'])`,
      `SELECT arrayMap(x -> file(x), ['${file}'])`,
      `SELECT (SELECT file('${file}'))`,
      `EXPLAIN SELECT file('${file}')`,
      `DESCRIBE (SELECT file('${file}'))`,
      // A quote in a name, or in what the formatter leaves as it is, is not the beginning of a text.
      `SELECT 1 AS \`a'b\`, file('${file}') AS \`c'd\``,
      `SELECT 1 AS "a'b", file('${file}') AS "c'd"`,
      `SELECT 1 AS \`a\\\`'b\`, file('${file}') AS \`c'd\``,
      "SELECT * FROM (SELECT 1 AS `a'b`) AS x, mergeTreeIndex('tessera', 'events_raw') AS `c'd`",
      `SELECT {a: String /*'*/}, file('${file}') AS \`c'd\``,
      `SELECT b FROM values('a UInt8, b String ALIAS file(\\'${file}\\')', 1)`,
      `SELECT b FROM values(concat('a UInt8, b String AL', 'IAS file(\\'${file}\\')'), 1)`,
      `SELECT any(b) FROM null('a UInt8, b UInt8 ALIAS throwIf(1, file(\\'${file}\\'))')`,
      `SELECT * FROM format(JSONEachRow, 'a UInt8, b String DEFAULT file(\\'${file}\\')', '{"a":1}')`,
      `SELECT * FROM file('${file}', 'LineAsString')`,
      `SELECT * FROM \`fil\\x65\`('${file}', 'LineAsString')`,
      "SELECT * FROM mergeTreeIndex(tessera, events_raw)",
      "SELECT * FROM `merge\\x54reeIndex`('tessera', 'events_raw')",
      "SELECT * FROM mergeTreeAnalyzeIndexes(tessera, events_raw)",
      "SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'a String')",
      "SELECT * FROM postgresql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
      "SELECT * FROM remote('127.0.0.1', tessera.events_raw)",
      "SELECT * FROM clusterAllReplicas('default', tessera.events_raw)",
      "SELECT * FROM s3('http://127.0.0.1:1/x')",
      "SELECT * FROM executable('id', 'CSV', 'a String')",
      "SELECT * FROM loop(tessera.events_raw)",
      "SELECT * FROM dictionary('x')",
      "SELECT hasColumnInTable('127.0.0.1:1', 'system', 'one', 'x')",
      "SELECT getClientHTTPHeader('X-ClickHouse-Key')",
      "SELECT * FROM system.users",
      "SELECT * FROM system.parts",
      "SELECT * FROM system.processes",
      "SELECT * FROM schema_migration",
      "SHOW PROCESSLIST",
      "SHOW CREATE USER tessera",
      "INSERT INTO events_raw (project_id) VALUES ('prj_own')",
      "INSERT INTO FUNCTION file('x') SELECT 1",
      "ALTER TABLE events_raw DELETE WHERE 1",
      "DROP TABLE events_raw",
      "CREATE TEMPORARY TABLE x (a Int8)",
      "CREATE VIEW x AS SELECT 1",
      "SYSTEM SHUTDOWN",
      "KILL QUERY WHERE 1",
      "SET readonly = 0",
      "SELECT 1 INTO OUTFILE 'x'",
      "SELECT 1 SETTINGS readonly = 0",
      "SELECT 1 SETTINGS max_execution_time = 0",
      "SELECT 1; SELECT 2",
      "",
    ]) {
      const { status, text } = await ask(sql);
      expect([sql, status >= 400 && status < 600]).toEqual([sql, true]);
      expect(text).not.toContain(new URL(engine.url).password);
    }
    expect((await ask("SELECT 'a file(1) and mergeTreeIndex(x) in a text', 'it''s \\\\'")).status).toBe(200);
  });

  it("has no parameter that becomes the name of a function or a table", async () => {
    const file = join(dataDir, "clickhouse", "password");
    for (const sql of [
      `SELECT arrayMap({f: Identifier}, ['${file}'])`,
      `SELECT arrayMap({f:\nIdentifier}, ['${file}'])`,
    ]) {
      const { status, text } = await ask(sql, { query: "?param_f=file&param_a=1" });
      expect([sql, status, text]).toEqual([sql, 403, expect.stringMatching(/not an Identifier/)]);
    }
    const { text } = await ask(
      "SELECT {day: DateTime64(3, 'UTC')} AS `it's`, {list: Array(String)} AS \"`\", 'a\\'`\"b{', map('a', 1)",
      { query: "?param_day=2026-11-01&param_list=['x','y']" },
    );
    expect(text).toBe("2026-11-01 00:00:00.000\t['x','y']\ta\\'`\"b{\t{'a':1}");
  });

  it("meets no function that nobody has looked at", async () => {
    const { text } = await ask(
      "SELECT lower(hex(sipHash128(arrayStringConcat(arraySort(groupArray(name)), ',')))) FROM system.functions WHERE is_aggregate = 0",
    );
    // It changes with the engine. Look through the new names for what reads files, networks or other rows, add those to
    // guard.ts, and only then write the new digest here: docs/decisions/0013.
    expect(text).toBe("02f0ba7f43abda2d4b40e224f7946bf3");
  });

  it("cannot become another project by a header or a parameter", async () => {
    const sql = "SELECT groupUniqArray(project_id) FROM events_raw";
    expect((await ask(sql, { headers: { "X-Tessera-Project": "prj_other" } })).text).toBe("['prj_own']");
    for (const query of ["?user=tessera", `?user=${gateUser}&password=x`, "?role=x", "?session_id=x"]) {
      expect([query, (await ask(sql, { query })).text]).toEqual([query, "['prj_own']"]);
    }
    for (const query of [
      "?readonly=0",
      "?database=system",
      "?max_threads=64",
      "?compress=1",
      "?additional_table_filters={%27tessera.orders%27:%271%27}",
    ]) {
      expect([query, (await ask(sql, { query })).status >= 400]).toEqual([query, true]);
    }
  });

  it("binds parameters and chooses formats as ClickHouse's own clients do", async () => {
    const sql = "SELECT count() AS n FROM orders WHERE customer = {customer: String}";
    const query =
      "?database=tessera&default_format=JSONEachRow&output_format_json_quote_64bit_integers=0&param_customer=prj_own-customer-7";
    expect(JSON.parse((await ask(sql, { query })).text)).toEqual({ n: 1 });
    const get = await fetch(`http://127.0.0.1:${gate.port}/?query=SELECT%201`, {
      headers: { authorization: `Basic ${btoa(`own_analyst:${password}`)}` },
    });
    expect([get.status, await get.text()]).toEqual([200, "1\n"]);
    expect((await ask("SELECT name FROM system.columns WHERE table = 'orders' AND name = 'customer'")).text).toBe(
      "customer",
    );
    expect((await ask("SELECT no_such FROM orders")).text).toMatch(/no_such/);
  });

  it("compares any view's project with an empty text", async () => {
    for (const view of visibleTables().views) {
      const { status, text } = await ask(`SELECT count() FROM ${view} WHERE project_id = '' OR project_id != ''`);
      expect([view, status, Number.isInteger(Number(text))]).toEqual([view, 200, true]);
    }
  });

  it("may use ClickHouse's client for Node as it comes", async () => {
    const url = `http://127.0.0.1:${gate.port}`;
    const client = createClient({ url, username: "own_analyst", password, database: "tessera" });
    const result = await client.query({
      query: "SELECT customer, total_amount FROM orders WHERE customer = {customer: String}",
      query_params: { customer: "prj_own-customer-7" },
      format: "JSONEachRow",
    });
    expect(await result.json()).toEqual([{ customer: "prj_own-customer-7", total_amount: 1000 }]);
    expect((await client.ping()).success).toBe(true);
    await client.close();
  });

  it("has three queries at once, and gets a place back when one ends or its client leaves", async () => {
    const leaving = new AbortController();
    const slow = "SELECT count() FROM (SELECT cityHash64(number) AS h FROM numbers(1000000000) WHERE h % 7 = 1)";
    const held = [0, 1, 2].map(() =>
      fetch(`http://127.0.0.1:${gate.port}/`, {
        method: "POST",
        headers: { "X-ClickHouse-User": "own_analyst", "X-ClickHouse-Key": password },
        body: slow,
        signal: leaving.signal,
      }).catch(() => undefined),
    );
    await expect.poll(async () => (await ask("SELECT 1")).status, { timeout: 30_000 }).toBe(503);
    leaving.abort();
    await Promise.all(held);
    await expect.poll(async () => (await ask("SELECT 1")).status, { timeout: 30_000 }).toBe(200);
  });

  it("is stopped by the limits with an error, not by a shorter answer", async () => {
    const many = await ask("SELECT number FROM numbers(2000000)").catch((error) => ({
      status: 0,
      text: String(error),
    }));
    expect(many.text).toMatch(/TOO_MANY_ROWS|limit|terminated|fetch failed/i);
    expect((await ask(`SELECT '${"x".repeat(300_000)}'`)).status).toBe(413);
    // Whatever is in it, a statement may be as long as is said.
    for (const letter of ["x", "ü", "\\\\", "%"]) {
      const length = Math.floor(250_000 / Buffer.byteLength(letter));
      const { status, text } = await ask(`SELECT length('${letter.repeat(length)}') > 60000`);
      expect([letter, status, text]).toEqual([letter, 200, "1"]);
    }
  });
});

describe("the sample questions", () => {
  const directory = new URL("../../warehouse/samples/", import.meta.url);
  const files = readdirSync(directory).filter((name) => name.endsWith(".sql"));
  const as = { user: "shop_analyst", key: newPassword() };

  beforeAll(async () => {
    await insertShop(warehouse);
    await refreshCustomers(warehouse);
    add(as.user, "prj_shop", as.key);
  });

  it("are at least ten, each with its question in words", () => {
    expect(files.length).toBeGreaterThanOrEqual(10);
    const guide = readFileSync(new URL("../../docs/analysts.md", import.meta.url), "utf8");
    for (const file of files) {
      expect(readFileSync(new URL(file, directory), "utf8")).toMatch(/^-- [A-Z][^\n]+\?/);
      expect(guide).toContain(`](../warehouse/samples/${file})`);
    }
  });

  it.each(files)("%s is answered to an analyst, from the rows of their project", async (file) => {
    const sql = readFileSync(new URL(file, directory), "utf8");
    const { status, text } = await ask(`${sql.trim()}\nFORMAT JSONEachRow`, as);
    expect([file, status, status === 200 ? "" : text]).toEqual([file, 200, ""]);
    const rows = text
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    expect(rows).not.toEqual([]);
    for (const [column, total] of Object.entries(totals[file] ?? {})) {
      const sum = rows.reduce((all, row) => all + Number(row[column]), 0);
      expect([column, sum]).toEqual([column, total]);
    }
  });

  /** Sums over all rows of an answer, counted from the shop's story. */
  const totals: Readonly<Record<string, Readonly<Record<string, number>>>> = {
    "06_baskets_of_redeemers.sql": { units_with_promotion: 66 + 30 },
    "12_hours_of_the_week.sql": { redemptions: 36 },
    "13_stacked_codes.sql": { orders: 30 },
    "11_funnel.sql": { published: 36, rejected: 8 },
  };
});

describe("an account", () => {
  it("works from the moment it is added until it is removed", async () => {
    const secret = newPassword();
    const as = { user: "other_analyst", key: secret };
    expect((await ask("SELECT 1", as)).status).toBe(401);
    add("other_analyst", "prj_other", secret);
    expect((await ask("SELECT groupUniqArray(project_id) FROM events", as)).text).toBe("['prj_other']");
    expect(() => add("other_analyst", "prj_own", secret)).toThrow(AccountError);
    removeAccount(dataDir, "other_analyst");
    expect((await ask("SELECT 1", as)).status).toBe(401);
    expect(() => removeAccount(dataDir, "other_analyst")).toThrow(AccountError);
  });

  it("needs its password, in a header", async () => {
    for (const key of ["", "wrong", passwordHash(password), password.slice(1)]) {
      expect((await ask("SELECT 1", { key })).status).toBe(401);
    }
    for (const user of ["", "tessera", "default", gateUser, "'; DROP"])
      expect((await ask("SELECT 1", { user })).status).toBe(401);
    const url = `http://127.0.0.1:${gate.port}/?query=SELECT%201&user=own_analyst&password=${password}`;
    expect((await fetch(url)).status).toBe(401);
  });

  it("is kept as a hash, readable by its owner only", async () => {
    const file = join(dataDir, "clickhouse", "analysts.json");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const { readFile } = await import("node:fs/promises");
    expect(await readFile(file, "utf8")).not.toContain(password);
  });
});

describe("the statements for a ClickHouse of its own", () => {
  const visible = { tables: ["events_raw", "customers_wide"], views: ["events", "orders"] };
  const hash = passwordHash("secret");

  it("make a user that comes in when its filters are there, and filter every table that holds rows", async () => {
    const place = { database: "tessera", visible };
    const statements = addAnalystDdl("demo_analyst", "prj_demo", hash, place);
    expect(statements[0]).toBe(
      `CREATE USER demo_analyst IDENTIFIED WITH sha256_hash BY '${hash}' HOST NONE DEFAULT DATABASE tessera`,
    );
    expect(statements.at(-1)).toBe("ALTER USER demo_analyst HOST ANY");
    for (const table of visible.tables) {
      expect(statements).toContain(
        `CREATE ROW POLICY OR REPLACE tessera_demo_analyst ON tessera.${table} USING project_id = 'prj_demo' TO demo_analyst`,
      );
      expect(statements).toContain(
        `CREATE ROW POLICY IF NOT EXISTS tessera_others ON tessera.${table} USING 1 TO ALL EXCEPT tessera_analysts`,
      );
    }
    for (const each of [...visible.tables, ...visible.views]) {
      expect(statements).toContain(`GRANT SELECT ON tessera.${each} TO tessera_analysts`);
    }
    expect(statements.join()).not.toMatch(/secret|GRANT (ALL|INSERT|READ)|system\./);
    expect(statements[1]).toMatch(/SETTINGS readonly = 1, .*max_execution_time = 60 CONST/);
    expect(removeAnalystDdl("demo_analyst", place)[0]).toBe("DROP USER IF EXISTS demo_analyst");
    await understood([...statements, ...removeAnalystDdl("demo_analyst", place)]);
  });

  it("say ON CLUSTER everywhere and filter the local tables too", async () => {
    const place = { database: "tessera", cluster: "eu", visible };
    const statements = [
      ...addAnalystDdl("demo_analyst", "prj_demo", hash, place),
      ...removeAnalystDdl("demo_analyst", place),
    ];
    expect(statements.filter((statement) => !statement.includes(" ON CLUSTER eu"))).toEqual([]);
    expect(
      statements.filter((statement) => /^CREATE ROW POLICY.* ON tessera\.events_raw_local /.test(statement)),
    ).toHaveLength(2);
    await understood(statements);
  });

  it("take no text that is not a name", () => {
    for (const name of ["a b", "a'", "a`", "", "a;b"]) {
      expect(() => addAnalystDdl(name, "prj_demo", hash, { database: "tessera", visible })).toThrow();
    }
    expect(() => addAnalystDdl("demo", "prj' OR 1", hash, { database: "tessera", visible })).toThrow();
    expect(() => addAnalystDdl("demo", "prj_demo", "secret", { database: "tessera", visible })).toThrow();
  });

  it("cover every table that this version makes", async () => {
    const result = await warehouse.query({
      query: `SELECT t.name AS name, t.engine AS engine, countIf(c.name = 'project_id') AS projects
        FROM system.tables AS t INNER JOIN system.columns AS c ON c.database = t.database AND c.table = t.name
        WHERE t.database = 'tessera' GROUP BY name, engine ORDER BY name`,
      format: "JSONEachRow",
    });
    const there = await result.json<{ name: string; engine: string; projects: number }>();
    const named = (wanted: RegExp) =>
      there.filter(({ engine, projects }) => wanted.test(engine) && projects > 0).map(({ name }) => name);
    const known = visibleTables();
    expect(known.tables.toSorted()).toEqual(named(/MergeTree$/));
    expect(known.views.toSorted()).toEqual(named(/^View$/));
  });

  /** ClickHouse's own parser, as the embedded engine may not run them. */
  async function understood(statements: readonly string[]): Promise<void> {
    for (const statement of statements) {
      const result = await warehouse.query({
        query: "SELECT formatQuery({statement: String}) AS text",
        query_params: { statement },
        format: "JSONEachRow",
      });
      const [row] = await result.json<{ text: string }>();
      expect(row?.text).toMatch(/^(CREATE|GRANT|ALTER|DROP)/);
    }
  }
});
