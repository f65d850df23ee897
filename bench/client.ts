/** A shop's connection to the API: keeps its sockets, sends JSON, hands back status and text. */
import { Agent, request } from "node:http";

export interface Client {
  post(path: string, body: object, headers?: Record<string, string>): Promise<{ status: number; text: string }>;
  /** Posts and parses. @throws unless the answer is a 2xx. */
  create(path: string, body: object): Promise<{ id: string }>;
  /** New sockets: the server drops those that were idle while something else was measured. */
  reconnect(): void;
  close(): void;
}

export function createClient(url: string, key: string, sockets: number): Client {
  let agent = new Agent({ keepAlive: true, maxSockets: sockets });
  const post: Client["post"] = (path, body, headers = {}) =>
    new Promise((resolve, reject) => {
      const content = JSON.stringify(body);
      const call = request(
        `${url}${path}`,
        {
          method: "POST",
          agent,
          headers: {
            authorization: `Bearer ${key}`,
            "content-type": "application/json",
            "content-length": Buffer.byteLength(content),
            ...headers,
          },
        },
        (response) => {
          let text = "";
          response.setEncoding("utf8");
          response.on("data", (part) => {
            text += part;
          });
          response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
          response.on("error", reject);
        },
      );
      call.on("error", reject);
      call.end(content);
    });
  return {
    post,
    create: async (path, body) => {
      const { status, text } = await post(path, body);
      if (status < 200 || status >= 300) throw new Error(`${path} answered ${status}: ${text}`);
      return JSON.parse(text);
    },
    reconnect: () => {
      agent.destroy();
      agent = new Agent({ keepAlive: true, maxSockets: sockets });
    },
    close: () => agent.destroy(),
  };
}
