/**
 * The one user of the embedded engine through whom all analysts ask. The engine takes users only from a file it reads at
 * start (SQL users: 497/514; SYSTEM RELOAD USERS does nothing), so analysts come and go in front of it, in `gate.ts`,
 * and the project they belong to arrives as a header that SQL can neither set nor change.
 */
import { analystSettings, changeableSettings, visibleTables } from "./limits.ts";

export const gateUser = "tessera_analysts";
export const projectHeader = "X-Tessera-Project";

export interface UsersXmlParts {
  readonly user: string;
  readonly profile: string;
}

/** @param passwordHash SHA-256, hexadecimal; only the gate knows the password. */
export function analystUsersXml(database: string, passwordHash: string): UsersXmlParts {
  const { tables, views } = visibleTables();
  const filters = tables.map(
    (table) => `<${table}><filter>project_id = getClientHTTPHeader('${projectHeader}')</filter></${table}>`,
  );
  const grants = [...tables, ...views].map((name) => `<query>GRANT SELECT ON ${database}.${name}</query>`);
  const settings = Object.entries({ ...analystSettings, allow_get_client_http_header: 1 });
  return {
    user: `<${gateUser}><password_sha256_hex>${passwordHash}</password_sha256_hex>
      <networks><ip>127.0.0.1</ip></networks><profile>${gateUser}</profile><quota>default</quota>
      <databases><${database}>${filters.join("")}</${database}></databases>
      <grants>${grants.join("")}</grants></${gateUser}>`,
    profile: `<${gateUser}>${settings.map(([name, value]) => `<${name}>${value}</${name}>`).join("")}
      <constraints>${changeableSettings.map((name) => `<${name}><changeable_in_readonly/></${name}>`).join("")}</constraints></${gateUser}>`,
  };
}
