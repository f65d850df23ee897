/** `npm run warehouse-docs`: writes docs/warehouse.md from the SQL of the marts. With --check only says whether it is fresh. */
import { documentMarts, writeMartsPage } from "./document-marts.ts";

const { now, fresh } = await documentMarts();
if (now === fresh) process.stdout.write("docs/warehouse.md is up to date.\n");
else if (process.argv.includes("--check")) {
  process.stderr.write("docs/warehouse.md is not what the SQL of the marts says. Run: npm run warehouse-docs\n");
  process.exitCode = 1;
} else {
  await writeMartsPage(fresh);
  process.stdout.write("docs/warehouse.md is written.\n");
}
