/** The HTTP port: open from the first moment, answering "not ready" until there is an application to answer. */
import type { IncomingMessage, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { answerProblemDocument } from "./not-ready.ts";

type Fetch = (request: Request, env: unknown) => Response | Promise<Response>;

export interface Listener {
  readonly port: number;
  /** From now on the application answers. */
  hand(fetch: Fetch): void;
  /** Takes no new connection, lets running requests finish for `graceMs`, then cuts what is left. */
  close(graceMs: number): Promise<void>;
}

export class PortError extends Error {}

/** An upload of half a GiB over a slow line, or into busy stores, takes longer than the five minutes of Node. */
const requestTimeoutMs = 60 * 60_000;
/** Of any other body, which is small: keys that anybody can read off a shop's page may send one. */
const bodyTimeoutMs = 60_000;
/** Routes that take files; each looks at the key before it reads. */
const uploads =
  /^\/v1\/(import\/[^/]+|pools\/[^/]+\/codes|campaigns\/[^/]+\/vouchers\/import|segments\/[^/]+\/members\/import|publication-jobs\/import)$/;

export function isUpload(url: string | undefined): boolean {
  return uploads.test(url?.split("?", 1)[0] ?? "");
}

/**
 * @param parts shown by /readyz until there is an application.
 * @throws PortError that says what to do.
 */
export async function listen(
  host: string,
  port: number,
  parts: Readonly<Record<string, boolean>>,
  limits = { bodyTimeoutMs },
): Promise<Listener> {
  let current: Fetch = (request) => answerProblemDocument(request, parts);
  const server = createAdaptorServer({ fetch: (request, env) => current(request, env) }) as Server;
  server.requestTimeout = requestTimeoutMs;
  server.prependListener("request", (incoming: IncomingMessage) => cutSlowBody(incoming, limits.bodyTimeoutMs));
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(explain(error, host, port)));
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    hand: (fetch) => {
      current = fetch;
    },
    close: (graceMs) => close(server, graceMs),
  };
}

function cutSlowBody(incoming: IncomingMessage, timeoutMs: number): void {
  if (incoming.complete || isUpload(incoming.url)) return;
  const cut = setTimeout(() => {
    if (!incoming.complete) incoming.destroy();
  }, timeoutMs);
  incoming.once("close", () => clearTimeout(cut));
}

function close(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}

function explain(error: NodeJS.ErrnoException, host: string, port: number): PortError {
  if (error.code === "EADDRINUSE") {
    return new PortError(
      `Port ${port} of ${host} is taken by another program. Choose one with PORT, e.g. PORT=${port + 1}.`,
    );
  }
  if (error.code === "EACCES")
    return new PortError(`Port ${port} may not be opened by this user. Choose one with PORT.`);
  if (error.code === "EADDRNOTAVAIL" || error.code === "ENOTFOUND") {
    return new PortError(`HOST is ${host}, which is no address of this machine.`);
  }
  return new PortError(`Cannot listen on ${host}:${port}: ${error.message}`);
}
