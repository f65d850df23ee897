/**
 * `npm run chaos:redeem`: shoppers redeem, reserve, confirm, cancel and roll back over two API processes while those
 * processes and back-ends of PostgreSQL are killed with SIGKILL. Shoppers ask with the same key until they are answered.
 * Then every answer is held against the database, every counter against its records, and every key is asked again.
 *
 * Exit code 0: nothing was lost, nothing happened twice, no replay changed; 1 otherwise.
 * Options: --kills 60 --shoppers 24 --seed 1
 */
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { audit } from "../../api/audit/audit.ts";
import { releaseDueHolds } from "../../api/reservations/release.ts";
import { createCaller } from "../support/caller.ts";
import { randomFrom } from "../support/mixture/random.ts";
import { openShop } from "../support/mixture/shop.ts";
import { Journal, shopAtRandom } from "../support/mixture/shopper.ts";
import { verify } from "../support/mixture/verify.ts";
import { type Attempts, persist } from "./persist.ts";
import { replayAll } from "./replays.ts";
import { type Service, startService } from "./service.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "60" },
    shoppers: { type: "string", default: "24" },
    seed: { type: "string", default: "1" },
  },
});
const killsWanted = Number(values.kills);
const shoppersCount = Number(values.shoppers);
const seed = Number(values.seed);

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function run(service: Service): Promise<readonly string[]> {
  const { pool, projectId, urls } = service;
  const began = Date.now();
  const caller = createCaller(service.key, 200);
  const attempts: Attempts = { asked: 0, broken: 0, failed: 0 };
  const askFrom = (from: number) => persist(caller, urls, randomFrom(seed + from), attempts);
  const shop = await openShop(askFrom(0), service, "chaos");
  const journal = new Journal();
  const kills = { api: 0, backend: 0 };

  let shopping = true;
  const shoppers = Array.from({ length: shoppersCount }, (_, number) =>
    shopAtRandom(
      { shop, journal, ask: askFrom(100 + number), random: randomFrom(seed + 1_000 + number) },
      () => shopping,
    ),
  );
  const allShopped = Promise.all(shoppers).finally(() => {
    shopping = false;
  });
  allShopped.catch(() => undefined);

  const random = randomFrom(seed + 7);
  // What a worker process would do; a crash in the middle of it is as good as any.
  const sweeping = (async () => {
    while (shopping) {
      await releaseDueHolds(pool, projectId).catch(() => undefined);
      await delay(500);
    }
  })();
  const killing = async (kill: () => Promise<void>, count: "api" | "backend") => {
    while (shopping && kills.api + kills.backend < killsWanted) {
      await delay(3_000 + random.below(4_000));
      kills[count] += 1;
      await kill();
    }
  };
  const killed = await Promise.allSettled([
    ...urls.map((_, index) => killing(() => service.killApi(index), "api")),
    killing(() => service.killBackend(random), "backend"),
  ]);
  shopping = false;
  for (const each of killed) if (each.status === "rejected") throw each.reason;
  await Promise.all([allShopped, sweeping]);
  await releaseDueHolds(pool, projectId);

  const findings = [...(await verify(pool, projectId, journal))];
  const audited = await audit(pool, projectId);
  for (const { name, differing, differences } of audited) {
    if (differing > 0) findings.push(`audit: ${differing} of ${name} differ, e.g. ${JSON.stringify(differences[0])}`);
  }
  const replays = await replayAll(journal, askFrom(1));
  findings.push(...replays.changed);
  if (kills.api + kills.backend < killsWanted) findings.push("not enough was killed");

  caller.close();
  const seconds = ((Date.now() - began) / 1000).toFixed(0);
  print(
    `kill -9: ${kills.api} of API processes, ${kills.backend} of PostgreSQL back-ends, in ${seconds} s (seed ${seed})`,
  );
  print(
    `asked ${attempts.asked} times; ${attempts.broken} broken connections, ${attempts.failed} answers of 5xx, all asked again`,
  );
  const counts = new Map<string, number>();
  for (const { deed, answer } of journal.entries) {
    const name = `${deed} ${answer.status}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  print(
    `answered: ${[...counts]
      .sort()
      .map(([name, count]) => `${name}: ${count}`)
      .join(", ")}`,
  );
  print(
    `audited ${audited.reduce((sum, { accounts }) => sum + accounts, 0)} accounts; ${replays.asked} keys asked again`,
  );
  return findings;
}

const service = await startService();
let findings: readonly string[];
try {
  findings = await run(service);
} finally {
  await service.stop();
}
print(findings.length === 0 ? "0 lost, 0 double, 0 changed replays" : `${findings.length} findings:`);
for (const finding of findings.slice(0, 50)) print(`  ${finding}`);
process.exitCode = findings.length === 0 ? 0 : 1;
