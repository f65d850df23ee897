/**
 * A page of a shop that shows pop-ups, and the backend that says who looks at it. See README.md beside this file.
 *
 *   TESSERA_URL=http://localhost:8080 TESSERA_KEY=sk_… TESSERA_PUBLISHABLE_KEY=pk_… npx tsx docs/examples/popup/main.ts
 */
import { startShop } from "./shop.ts";

const { TESSERA_URL = "http://localhost:8080", TESSERA_KEY, TESSERA_PUBLISHABLE_KEY, PORT = "3001" } = process.env;
if (!TESSERA_KEY || !TESSERA_PUBLISHABLE_KEY) throw new Error("Set TESSERA_KEY and TESSERA_PUBLISHABLE_KEY.");
const shop = await startShop({
  tesseraUrl: TESSERA_URL,
  secretKey: TESSERA_KEY,
  publishableKey: () => TESSERA_PUBLISHABLE_KEY,
  port: Number(PORT),
});
process.stdout.write(`The shop is at ${shop.url}/?customer=customer-1\n`);
