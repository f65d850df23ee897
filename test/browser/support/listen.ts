import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";

/** On a port of its own, until the process ends. @returns without a slash at the end. */
export function listen(app: { readonly fetch: (request: Request) => Response | Promise<Response> }): Promise<string> {
  return new Promise((resolve) => {
    serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 }, (address: AddressInfo) =>
      resolve(`http://127.0.0.1:${address.port}`),
    );
  });
}
