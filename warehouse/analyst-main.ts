/**
 * `npm run analyst -- add --project demo [--name demo_analyst]`, `-- list`, `-- remove --name …`: who may ask the
 * warehouse with SQL, read only and of one project. `--print` shows the statements for a ClickHouse of its own instead
 * of running them.
 */
import { parseArgs } from "node:util";
import { z } from "zod";
import { type Config, parseConfig } from "../api/config.ts";
import { createPool } from "../api/db/kysely.ts";
import { resolveStores, type StoreUrls } from "../api/instance.ts";
import { addAccount, checkName, newPassword, passwordHash, readAccounts, removeAccount } from "./analysts/accounts.ts";
import { addAnalystDdl, listAnalystsSql, type Place, removeAnalystDdl } from "./analysts/ddl.ts";
import { analystSettings, visibleTables } from "./analysts/limits.ts";
import { createWarehouse, databaseOf } from "./client.ts";

interface Project {
  readonly id: string;
  readonly name: string;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

const usage =
  "Say: npm run analyst -- add --project <name or id> [--name <name>] [--print] | list | remove --name <name>";

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { project: { type: "string" }, name: { type: "string" }, print: { type: "boolean", default: false } },
  });
  const [verb] = positionals;
  const config = parseConfig(process.env);
  const stores = resolveStores(config);
  if (verb === "list" && positionals.length === 1) return list(config, stores);
  if (verb === "add" && positionals.length === 1 && values.project !== undefined) {
    const project = await findProject(stores.databaseUrl, values.project);
    const name = checkName(
      values.name ??
        `${project.name
          .toLowerCase()
          .replace(/[^a-z0-9]+/g, "_")
          .replace(/^[^a-z]+/, "")}_analyst`.slice(0, 41),
    );
    return add(config, stores, project, name, values.print);
  }
  if (verb === "remove" && positionals.length === 1 && values.name !== undefined) {
    return remove(config, stores, checkName(values.name), values.print);
  }
  throw new Error(usage);
}

async function add(config: Config, stores: StoreUrls, project: Project, name: string, print: boolean): Promise<void> {
  const password = newPassword();
  const hash = passwordHash(password);
  if (config.clickhouseUrl === undefined) {
    const account = { name, project_id: project.id, project: project.name, password_sha256: hash };
    addAccount(config.dataDir, { ...account, created_at: new Date().toISOString() });
    say(
      welcome(stores.analystsUrl ?? "http://127.0.0.1:<port shown by npm start>", name, password, project, "tessera"),
    );
    return;
  }
  const statements = addAnalystDdl(name, project.id, hash, placeOf(config, config.clickhouseUrl));
  if (print) say(statements.map((statement) => `${statement};`).join("\n"));
  else await execute(config.clickhouseUrl, statements);
  const url = new URL(config.clickhouseUrl);
  say(welcome(url.origin, name, password, project, databaseOf(config.clickhouseUrl)));
}

async function remove(config: Config, stores: StoreUrls, name: string, print: boolean): Promise<void> {
  if (config.clickhouseUrl === undefined) {
    removeAccount(config.dataDir, name);
  } else {
    const statements = removeAnalystDdl(name, placeOf(config, stores.clickhouseUrl));
    if (print) return say(statements.map((statement) => `${statement};`).join("\n"));
    await execute(config.clickhouseUrl, statements);
  }
  say(`${name} is removed and cannot ask any more.`);
}

const analystRow = z.object({ name: z.string(), project_id: z.string() });

async function list(config: Config, stores: StoreUrls): Promise<void> {
  const accounts =
    config.clickhouseUrl === undefined ? readAccounts(config.dataDir) : await listOf(stores.clickhouseUrl);
  if (accounts.length === 0) return say("There are no analysts yet.");
  for (const { name, project_id } of accounts) say(`${name.padEnd(42)}${project_id}`);
}

async function listOf(clickhouseUrl: string): Promise<z.output<typeof analystRow>[]> {
  return withWarehouse(clickhouseUrl, async (warehouse) => {
    const query_params = { database: databaseOf(clickhouseUrl) };
    const result = await warehouse.query({ query: listAnalystsSql, query_params, format: "JSONEachRow" });
    return z.array(analystRow).parse(await result.json());
  });
}

async function execute(clickhouseUrl: string, statements: readonly string[]): Promise<void> {
  await withWarehouse(clickhouseUrl, async (warehouse) => {
    for (const query of statements) await warehouse.command({ query });
  });
}

async function withWarehouse<T>(url: string, use: (warehouse: ReturnType<typeof createWarehouse>) => Promise<T>) {
  const warehouse = createWarehouse({ url, database: databaseOf(url) });
  try {
    return await use(warehouse);
  } finally {
    await warehouse.close();
  }
}

function placeOf(config: Config, clickhouseUrl: string): Place {
  return {
    database: databaseOf(clickhouseUrl),
    cluster: config.clickhouseCluster,
    visible: visibleTables(),
  };
}

async function findProject(databaseUrl: string, asked: string): Promise<Project> {
  const pool = createPool({ connectionString: databaseUrl, max: 1, applicationName: "tessera-analyst" });
  try {
    const { rows } = await pool.query<Project>("select id, name from project where id = $1 or name = $1", [asked]);
    const [project] = rows;
    if (!project) throw new Error(`There is no project "${asked}".`);
    return project;
  } finally {
    await pool.end();
  }
}

function welcome(url: string, name: string, password: string, project: Project, database: string): string {
  return `
${name} may read the warehouse of the project "${project.name}" (${project.id}).

  Address   ${url}  (HTTP)
  Database  ${database}
  User      ${name}
  Password  ${password}   (shown only now)

A query takes at most ${analystSettings.max_execution_time} s and gives at most ${analystSettings.max_result_rows} rows. Try it (curl asks for the password):

  curl --user ${name} '${url}/?database=${database}' --data-binary \\
    'SELECT day, sum(redemptions_count) AS redemptions FROM overview_daily GROUP BY day ORDER BY day DESC LIMIT 7 FORMAT PrettyCompact'

More: docs/analysts.md and the questions in warehouse/samples.`;
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
