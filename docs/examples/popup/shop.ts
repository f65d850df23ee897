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
    const customer = new URL(request.url ?? "/", "http://shop").searchParams.get("customer") ?? "customer-1";
    const answer = await fetch(`${options.tesseraUrl}/v1/popup-tokens`, {
      method: "POST",
      headers: { authorization: `Bearer ${options.secretKey}`, "content-type": "application/json" },
      body: JSON.stringify({ customer: { identifier: customer } }),
    });
    const { token } = (await answer.json()) as { token: string };
    const { origin } = new URL(options.tesseraUrl);
    response
      .writeHead(200, {
        "content-type": "text/html; charset=utf-8",
        // All that a page has to allow.
        "content-security-policy": `default-src 'none'; script-src ${origin}; connect-src ${origin}; img-src data:`,
      })
      .end(page(origin, options.publishableKey(), token));
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

/** Nothing here comes from outside but the three values, none of which holds a quote. */
function page(origin: string, key: string, token: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,">
<title>Shop</title>
<script src="${origin}/popup.js" data-key="${key}" data-customer="${token}" defer></script>
</head>
<body><h1>Shop</h1><p>Pop-ups come to the lower right.</p></body>
</html>`;
}
