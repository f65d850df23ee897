/** The door for analysts beside the embedded ClickHouse; a server of its own manages its users itself. */
import type { Logger } from "pino";
import { createAccountBook } from "../../warehouse/analysts/accounts.ts";
import { openGate } from "../../warehouse/analysts/gate.ts";
import { databaseOf } from "../../warehouse/client.ts";
import type { Config } from "../config.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { openWarehouse } from "./services.ts";

/** @returns where analysts connect to. */
export async function openAnalystsGate(
  config: Config,
  clickhouseUrl: string,
  analystsPassword: string,
  log: Logger,
  lifecycle: Lifecycle,
): Promise<string> {
  const gate = await openGate({
    host: config.host,
    port: config.analystsPort,
    warehouse: openWarehouse(clickhouseUrl, lifecycle),
    engineUrl: `http://127.0.0.1:${new URL(clickhouseUrl).port}`,
    enginePassword: analystsPassword,
    database: databaseOf(clickhouseUrl),
    findAccount: createAccountBook(config.dataDir),
    onQuery: ({ name, project_id }, status) => log.info({ analyst: name, project_id, status }, "an analyst asked"),
  });
  lifecycle.onStop("analysts", () => gate.close());
  return `http://${config.host === "0.0.0.0" || config.host === "::" ? "127.0.0.1" : config.host}:${gate.port}`;
}
