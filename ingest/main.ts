/** The relay alone: `npm run start:ingest` on DATABASE_URL and CLICKHOUSE_URL. */
import { main } from "../api/main.ts";

await main(["--role", "ingest"]);
