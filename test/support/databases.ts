/** Makes and drops whole PostgreSQL databases. Refuses any whose name lacks "test". */
import pg from "pg";

export function urlOfDatabase(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.toString();
}

/** @param template the database to copy; nobody may be connected to it. */
export async function createDatabase(serverUrl: string, name: string, template?: string): Promise<void> {
  refuseUnlessTest(name);
  await administer(serverUrl, (client) => {
    const copy = template === undefined ? "" : ` template ${client.escapeIdentifier(template)}`;
    return `create database ${client.escapeIdentifier(name)}${copy}`;
  });
}

export async function dropDatabase(serverUrl: string, name: string): Promise<void> {
  refuseUnlessTest(name);
  await administer(serverUrl, (client) => `drop database if exists ${client.escapeIdentifier(name)} with (force)`);
}

/** A mistyped URL must never cost anybody a database. */
export function refuseUnlessTest(name: string): void {
  if (!/test/.test(name)) throw new Error(`refusing to touch the database "${name}": its name lacks "test"`);
}

async function administer(serverUrl: string, statement: (client: pg.Client) => string): Promise<void> {
  const client = new pg.Client({ connectionString: urlOfDatabase(serverUrl, "postgres") });
  await client.connect();
  try {
    await client.query(statement(client));
  } finally {
    await client.end();
  }
}
