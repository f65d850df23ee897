import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface ShopOptions {
  readonly tesseraUrl: string;
  /** Of scope checkout; stays here. */
  readonly secretKey: string;
  /** Goes into the page; allows this shop's origin. */
  readonly publishableKey: () => string;
  readonly port: number;
}

/** A shop knows its customer by a session; this one believes the address, as it is an example. */
export async function startShop(options: ShopOptions): Promise<{ readonly url: string; close(): void }> {
  const server = createServer(async (request, response) => {
    if (!URL.canParse(request.url ?? "/", "http://shop")) return void response.writeHead(400).end();
    const customer = new URL(request.url ?? "/", "http://shop").searchParams.get("customer") ?? "customer-1";
    const token = await makeToken(options, customer);
    const { origin } = new URL(options.tesseraUrl);
    response
      .writeHead(200, {
        "content-type": "text/html; charset=utf-8",
        // The token in it is this customer's, and no cache's.
        "cache-control": "no-store",
        // All that a page has to allow.
        "content-security-policy": `default-src 'none'; script-src ${origin}; connect-src ${origin}; img-src data:`,
      })
      .end(page(token === undefined ? "" : scriptTag(origin, options.publishableKey(), token)));
  });
  await new Promise<void>((resolve) => server.listen(options.port, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Undefined: without Tessera the page comes without pop-ups. */
async function makeToken({ tesseraUrl, secretKey }: ShopOptions, customer: string): Promise<string | undefined> {
  try {
    const answer = await fetch(`${tesseraUrl}/v1/popup-tokens`, {
      method: "POST",
      headers: { authorization: `Bearer ${secretKey}`, "content-type": "application/json" },
      body: JSON.stringify({ customer: { identifier: customer } }),
      signal: AbortSignal.timeout(2_000),
    });
    if (answer.ok) return ((await answer.json()) as { token: string }).token;
    process.stderr.write(`No token for pop-ups: ${answer.status} ${await answer.text()}\n`);
  } catch (error) {
    process.stderr.write(`No token for pop-ups: ${String(error)}\n`);
  }
  return undefined;
}

/** Nothing here comes from outside but the three values, none of which holds a quote. */
function scriptTag(origin: string, key: string, token: string): string {
  return `<script src="${origin}/popup.js" data-key="${key}" data-customer="${token}" defer></script>`;
}

function page(script: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,">
<title>Shop</title>
${script}
</head>
<body><h1>Shop</h1><p>Pop-ups come to the lower right. <a href="/offers">Offers</a></p></body>
</html>`;
}
