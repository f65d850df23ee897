/**
 * An analyst on a ClickHouse of its own, where SQL makes users: a user, a filter for each table that holds rows, and a
 * role and a settings profile that all analysts share. Every statement can be run again.
 */
import { analystSettings, changeableSettings, type Visible } from "./limits.ts";

export interface Place {
  readonly database: string;
  readonly cluster?: string | undefined;
  readonly visible: Visible;
}

/** Of the role, the settings profile and the policy that keeps everybody else seeing everything. */
const shared = "tessera_analysts";
const nameForm = /^[A-Za-z_][A-Za-z0-9_]*$/;
const projectForm = /^[A-Za-z0-9_]{1,100}$/;
const hashForm = /^[0-9a-f]{64}$/;

/**
 * @param passwordHash SHA-256, hexadecimal: the password itself is in no statement and so in no log.
 * @throws Error for a name that is none; nothing in here is quoted text of anybody.
 */
export function addAnalystDdl(name: string, projectId: string, passwordHash: string, place: Place): string[] {
  const { on, table, names } = wordsOf(place, name);
  if (!projectForm.test(projectId) || !hashForm.test(passwordHash)) throw new Error("not a project id or not a hash");
  const settings = [
    ...Object.entries(analystSettings).map(
      ([key, value]) => `${key} = ${typeof value === "number" ? value : `'${value}'`} CONST`,
    ),
    ...changeableSettings.map((key) => `${key} CHANGEABLE_IN_READONLY`),
  ].filter((setting) => !setting.startsWith("readonly"));
  return [
    // First, as it fails for a name that is taken; from nowhere until its filters are there.
    `CREATE USER ${name}${on} IDENTIFIED WITH sha256_hash BY '${passwordHash}' HOST NONE DEFAULT DATABASE ${place.database}`,
    `CREATE SETTINGS PROFILE IF NOT EXISTS ${shared}${on} SETTINGS readonly = 1, ${settings.join(", ")}`,
    `CREATE ROLE IF NOT EXISTS ${shared}${on} SETTINGS PROFILE '${shared}'`,
    ...names.map((each) => `GRANT${on} SELECT ON ${table(each)} TO ${shared}`),
    // A table with any policy shows nothing to those without one, where the server is set so.
    ...filtered(place).map(
      (each) => `CREATE ROW POLICY IF NOT EXISTS tessera_others${on} ON ${table(each)} USING 1 TO ALL EXCEPT ${shared}`,
    ),
    ...filtered(place).map(
      (each) =>
        `CREATE ROW POLICY OR REPLACE tessera_${name}${on} ON ${table(each)} USING project_id = '${projectId}' TO ${name}`,
    ),
    `GRANT${on} ${shared} TO ${name}`,
    `ALTER USER ${name}${on} HOST ANY`,
  ];
}

/** The shared role, profile and policies stay. */
export function removeAnalystDdl(name: string, place: Place): string[] {
  const { on, table } = wordsOf(place, name);
  return [
    `DROP USER IF EXISTS ${name}${on}`,
    ...filtered(place).map((each) => `DROP ROW POLICY IF EXISTS tessera_${name}${on} ON ${table(each)}`),
  ];
}

/** Analysts as the server knows them: name and project, from the filter of the first table. */
export const listAnalystsSql = `
  SELECT apply_to_list[1] AS name, extract(select_filter, '\\'([A-Za-z0-9_]+)\\'') AS project_id
  FROM system.row_policies
  WHERE database = {database: String} AND table = 'events_raw' AND startsWith(short_name, 'tessera_')
    AND short_name != 'tessera_others'
  ORDER BY name`;

/** On a cluster the rows lie in the local tables, and are asked for through the distributed ones. */
function filtered(place: Place): string[] {
  const { tables } = place.visible;
  return place.cluster === undefined ? [...tables] : tables.flatMap((table) => [table, `${table}_local`]);
}

function wordsOf(place: Place, name: string) {
  const { database, cluster, visible } = place;
  for (const word of [name, database, ...(cluster === undefined ? [] : [cluster])]) {
    if (!nameForm.test(word)) throw new Error(`not a ClickHouse name: ${JSON.stringify(word)}`);
  }
  return {
    on: cluster === undefined ? "" : ` ON CLUSTER ${cluster}`,
    table: (each: string) => `${database}.${each}`,
    names: [...filtered(place), ...visible.views],
  };
}
