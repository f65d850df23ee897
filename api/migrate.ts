/** `npm run migrate`: brings the stores of the environment, else those of the running instance, to this version. */
import { parseConfig } from "./config.ts";
import { resolveStores } from "./instance.ts";
import { complain, say } from "./supervise/banner.ts";
import { explain } from "./supervise/command.ts";
import { migrateStores } from "./supervise/services.ts";

try {
  const applied = await migrateStores(resolveStores(parseConfig(process.env)));
  say(applied.length === 0 ? "Nothing to migrate." : `Applied ${applied.join(", ")}.`);
} catch (error) {
  complain(explain(error));
  process.exitCode = 1;
}
