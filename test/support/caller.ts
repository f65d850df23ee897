/** Calls over real sockets: many at once, each answer with its exact bytes. */
import { Agent, request } from "node:http";

export interface RawAnswer {
  readonly status: number;
  /** As it came: replays are compared to the byte. */
  readonly text: string;
  readonly replayed: boolean;
}

export interface Call {
  readonly method: "POST" | "DELETE" | "GET";
  readonly path: string;
  readonly body?: object;
  readonly idempotencyKey?: string;
}

export interface Caller {
  /** Rejects when the connection breaks or nobody answers in 30 s. */
  send(url: string, call: Call): Promise<RawAnswer>;
  close(): void;
}

export function createCaller(key: string, sockets: number): Caller {
  // A connection a call: one that is kept may be closed by the server in the moment it is used again, and a call that
  // may have arrived cannot simply be sent again.
  const agent = new Agent({ keepAlive: false, maxSockets: sockets });
  return {
    send: (url, { method, path, body, idempotencyKey }) =>
      new Promise((resolve, reject) => {
        const content = body === undefined ? undefined : JSON.stringify(body);
        const headers = {
          authorization: `Bearer ${key}`,
          ...(content === undefined
            ? {}
            : { "content-type": "application/json", "content-length": Buffer.byteLength(content) }),
          ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
        };
        const sent = request(`${url}${path}`, { method, agent, headers, timeout: 30_000 }, (response) => {
          let text = "";
          response.setEncoding("utf8");
          response.on("data", (part: string) => {
            text += part;
          });
          // Cut short by a killed server: the head came, the body did not.
          response.on("error", reject);
          response.on("aborted", () => reject(new Error("the answer was cut")));
          response.on("end", () =>
            resolve({
              status: response.statusCode ?? 0,
              text,
              replayed: response.headers["idempotency-replayed"] === "true",
            }),
          );
        });
        sent.on("timeout", () => sent.destroy(new Error("nobody answered in time")));
        sent.on("error", reject);
        sent.end(content);
      }),
    close: () => agent.destroy(),
  };
}
