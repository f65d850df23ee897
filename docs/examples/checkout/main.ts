/** `npm run example:checkout`: a shop that sells with promotions of a running Tessera. See README.md beside this. */
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { createTessera } from "../../../api/client/client.ts";
import { createShop } from "./shop.tsx";

const { API = "http://127.0.0.1:8080", KEY, SHOP_PORT = "8090" } = process.env;
if (KEY === undefined || KEY === "") {
  process.stderr.write("Set KEY to a secret key with the scope checkout, as `npm start` printed it.\n");
  process.exit(2);
}
const shop = createShop(createTessera({ url: API, key: KEY }));
serve({ fetch: shop.fetch, hostname: "127.0.0.1", port: Number(SHOP_PORT) }, ({ port }: AddressInfo) => {
  process.stdout.write(`The shop is open at http://127.0.0.1:${port}\n`);
});
