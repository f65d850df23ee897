/**
 * ClickHouse's HTTP protocol for analysts, in front of the embedded engine: who asks, for which project, and what they
 * may not say is decided here; limits and row filters are the engine's (`users-xml.ts`).
 */
import {
  createServer,
  type IncomingMessage,
  request as openRequest,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { type ClickHouseClient, ClickHouseError } from "@clickhouse/client";
import { z } from "zod";
import type { Account } from "./accounts.ts";
import { createGuard, type Guard } from "./guard.ts";
import { analystSettings } from "./limits.ts";
import { gateUser, projectHeader } from "./users-xml.ts";

export interface GateOptions {
  readonly host: string;
  /** 0 asks the system for a free port. */
  readonly port: number;
  /** The product's own connection, which formats statements before they are run. */
  readonly warehouse: ClickHouseClient;
  /** Where the engine answers, without credentials. */
  readonly engineUrl: string;
  readonly enginePassword: string;
  readonly database: string;
  readonly findAccount: (name: string, password: string) => Account | undefined;
  readonly onQuery?: (account: Account, status: number) => void;
}

export interface Gate {
  readonly port: number;
  close(): Promise<void>;
}

const queriesPerAnalyst = 3;

/** Parameters of clients that change nothing for us, and those that name who asks: we know that already. */
const ignored = new Set(
  "user password quota_key role session_id session_check session_timeout close_session query_id client_protocol_version wait_end_of_query send_progress_in_http_headers http_headers_progress_interval_ms cancel_http_readonly_queries_on_client_close log_comment stacktrace buffer_size".split(
    " ",
  ),
);
const passedHeaders = [
  "content-type",
  "content-encoding",
  "x-clickhouse-format",
  "x-clickhouse-timezone",
  "x-clickhouse-query-id",
  "x-clickhouse-exception-code",
  "x-clickhouse-exception-tag",
];

class Refusal extends Error {
  readonly status: number;
  /** ClickHouse's number of the error, which its clients understand. */
  readonly code: number;

  constructor(status: number, code: number, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** @throws when the port is taken. */
export async function openGate(options: GateOptions): Promise<Gate> {
  const guard = createGuard(await tableFunctions(options.warehouse));
  const running = new Map<string, number>();
  const server = createServer((incoming, outgoing) => {
    void answer(incoming, outgoing).catch((error) => refuse(outgoing, error));
  });
  server.requestTimeout = 30_000;
  server.maxConnections = 200;

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const url = new URL(incoming.url ?? "/", "http://gate");
    if (url.pathname === "/ping") return void outgoing.end("Ok.\n");
    if (url.pathname !== "/" || !["GET", "POST"].includes(incoming.method ?? "")) {
      throw new Refusal(404, 0, "There is nothing at this address.");
    }
    const account = authenticate(incoming, options);
    const now = running.get(account.name) ?? 0;
    if (now >= queriesPerAnalyst) throw new Refusal(503, 202, `You run ${now} queries already.`);
    running.set(account.name, now + 1);
    try {
      const text = await readStatement(incoming, url);
      const statement = await checkStatement(options.warehouse, guard, text);
      const status = await forward(options, account, statement, engineParameters(url, options.database), outgoing);
      options.onQuery?.(account, status);
    } finally {
      const rest = (running.get(account.name) ?? 1) - 1;
      if (rest === 0) running.delete(account.name);
      else running.set(account.name, rest);
    }
  }

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, resolve);
  });
  return { port: (server.address() as AddressInfo).port, close: () => close(server) };
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function refuse(outgoing: ServerResponse, error: unknown): void {
  if (outgoing.headersSent) return void outgoing.destroy();
  const known =
    error instanceof Refusal ? error : new Refusal(503, 279, "The warehouse does not answer. Try again in a moment.");
  const headers: Record<string, string> = { "content-type": "text/plain; charset=utf-8", connection: "close" };
  if (known.code !== 0) headers["x-clickhouse-exception-code"] = String(known.code);
  if (known.status === 401) headers["www-authenticate"] = 'Basic realm="tessera"';
  if (known.status === 503) headers["retry-after"] = "1";
  outgoing.writeHead(known.status, headers).end(`Code: ${known.code}. DB::Exception: ${known.message}\n`);
}

/** By headers only: what stands in a URL ends in logs. */
function authenticate(incoming: IncomingMessage, options: GateOptions): Account {
  const [name, password] = credentials(incoming);
  const account = name.length + password.length < 500 ? options.findAccount(name, password) : undefined;
  if (!account)
    throw new Refusal(
      401,
      516,
      "Authentication failed: send your name and password as Basic or X-ClickHouse-User and X-ClickHouse-Key.",
    );
  return account;
}

function credentials(incoming: IncomingMessage): [string, string] {
  const user = incoming.headers["x-clickhouse-user"];
  const key = incoming.headers["x-clickhouse-key"];
  if (typeof user === "string") return [user, typeof key === "string" ? key : ""];
  const [, encoded = ""] = /^Basic +([A-Za-z0-9+/=]{1,1000})$/i.exec(incoming.headers.authorization ?? "") ?? [];
  const text = Buffer.from(encoded, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 0 ? ["", ""] : [text.slice(0, colon), text.slice(colon + 1)];
}

/** As ClickHouse does: the parameter `query`, then the body. */
async function readStatement(incoming: IncomingMessage, url: URL): Promise<string> {
  const type = incoming.headers["content-type"] ?? "";
  const encoding = incoming.headers["content-encoding"] ?? "identity";
  if (type.startsWith("multipart/") || encoding !== "identity") {
    throw new Refusal(400, 36, "Send the statement as plain text, without parts and uncompressed.");
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    size += (chunk as Buffer).length;
    if (size > analystSettings.max_query_size) throw new Refusal(413, 62, "The statement is too long.");
    chunks.push(chunk as Buffer);
  }
  const parts = [url.searchParams.get("query") ?? "", Buffer.concat(chunks).toString("utf8")];
  return parts.filter((part) => part.trim() !== "").join("\n");
}

const formattedRow = z.object({ text: z.string() });

/** @returns the statement as ClickHouse itself writes it: what was checked is what is run. */
async function checkStatement(warehouse: ClickHouseClient, guard: Guard, text: string): Promise<string> {
  if (text === "") throw new Refusal(400, 62, "There is no statement.");
  const formatted = await formatStatement(warehouse, text);
  const fault = guard.fault(formatted);
  if (fault !== undefined) throw new Refusal(403, 497, fault);
  return formatted;
}

async function formatStatement(warehouse: ClickHouseClient, text: string): Promise<string> {
  // A parameter, and still more an address, holds less than a statement may be long.
  const parts = text.match(/[\s\S]{1,20000}/gu) ?? [];
  try {
    const result = await warehouse.query({
      query: `SELECT formatQuerySingleLine(concat('', ${parts.map((_, at) => `{p${at}: String}`).join(", ")})) AS text`,
      query_params: Object.fromEntries(parts.map((part, at) => [`p${at}`, part])),
      use_multipart_params: true,
      format: "JSONEachRow",
    });
    const [row] = z
      .array(formattedRow)
      .length(1)
      .parse(await result.json());
    if (row) return row.text;
  } catch (error) {
    if (error instanceof ClickHouseError) throw new Refusal(400, Number(error.code) || 62, error.message);
    throw error;
  }
  throw new Refusal(400, 62, "There is no statement.");
}

/** Everything else goes on: the engine refuses each setting that may not be changed. */
function engineParameters(url: URL, database: string): URLSearchParams {
  const parameters = new URLSearchParams();
  for (const [name, value] of url.searchParams) {
    if (name === "query" || ignored.has(name)) continue;
    if (name === "database") {
      if (value !== database) throw new Refusal(404, 81, `The database is ${database}.`);
    } else if (name === "compress" || name === "decompress") {
      throw new Refusal(400, 36, `Use Accept-Encoding with enable_http_compression instead of ${name}.`);
    } else parameters.append(name, value);
  }
  parameters.set("database", database);
  return parameters;
}

/** @returns the engine's status, when its answer has been handed on whole. */
function forward(
  options: GateOptions,
  account: Account,
  statement: string,
  parameters: URLSearchParams,
  outgoing: ServerResponse,
): Promise<number> {
  return new Promise((resolve, reject) => {
    // Who has left meanwhile will not leave again, and their place would never be free.
    if (outgoing.destroyed) return resolve(499);
    const asked = openRequest(new URL(`/?${parameters}`, options.engineUrl), {
      method: "POST",
      headers: {
        "x-clickhouse-user": gateUser,
        "x-clickhouse-key": options.enginePassword,
        [projectHeader]: account.project_id,
        "content-type": "text/plain; charset=utf-8",
        ...(parameters.get("enable_http_compression") === "1" ? { "accept-encoding": "gzip" } : {}),
      },
    });
    asked.on("response", (answer) => {
      const headers = passedHeaders.flatMap((name) => {
        const value = answer.headers[name];
        return typeof value === "string" ? [[name, value] as const] : [];
      });
      outgoing.writeHead(answer.statusCode ?? 502, Object.fromEntries(headers));
      answer.pipe(outgoing);
      // A query that failed on its way must not look like one that ended.
      answer.on("error", () => outgoing.destroy());
    });
    asked.on("error", reject);
    outgoing.on("close", () => {
      asked.destroy();
      resolve(outgoing.statusCode);
    });
    asked.end(statement);
  });
}

const nameRow = z.object({ name: z.string() });

async function tableFunctions(warehouse: ClickHouseClient): Promise<string[]> {
  const result = await warehouse.query({ query: "SELECT name FROM system.table_functions", format: "JSONEachRow" });
  return z
    .array(nameRow)
    .min(50)
    .parse(await result.json())
    .map(({ name }) => name);
}
