import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compareOpenBandit } from "../../../../models/policy/open-bandit.ts";
import { describeBandit } from "../../../../models/policy/tables.ts";
import { seeded } from "../../../../models/training/random.ts";

/** Three items; the second is clicked most, and the policy that learns shows it most. */
const clicks = [0.1, 0.4, 0.2];
const learnt = [0.2, 0.6, 0.2];
const uniform = [1 / 3, 1 / 3, 1 / 3];

function log(shares: readonly number[], rows: number, seed: number): string {
  const random = seeded(seed);
  const lines = Array.from({ length: rows }, (_, index) => {
    const draw = random();
    const item = draw < (shares[0] ?? 0) ? 0 : draw < (shares[0] ?? 0) + (shares[1] ?? 0) ? 1 : 2;
    const click = Number(random() < (clicks[item] ?? 0));
    return [index, "2019-11-24", item, 1 + (index % 3), click, shares[item], "a", 0, 0, 1].join(",");
  });
  const head =
    ",timestamp,item_id,position,click,propensity_score,user_feature_0,user-item_affinity_0,user-item_affinity_1,user-item_affinity_2";
  return [head, ...lines, ""].join("\n");
}

describe("the Open Bandit data", () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "tessera-bandit-"));
    for (const [at, campaign] of ["men", "women"].entries()) {
      await writeFile(join(folder, `random_${campaign}.csv.gz`), gzipSync(log(uniform, 3000, at + 1)));
      await writeFile(join(folder, `bts_${campaign}.csv.gz`), gzipSync(log(learnt, 3000, at + 11)));
    }
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("gives of each policy, from the other's log, what it had in its own", async () => {
    const found = await compareOpenBandit(folder, 1);
    expect(found.map(({ campaign, logged, target }) => [campaign, logged, target])).toEqual([
      ["men", "random", "bts"],
      ["men", "bts", "random"],
      ["women", "random", "bts"],
      ["women", "bts", "random"],
    ]);
    for (const { target, estimates, own, diagnosis } of found) {
      const shares = target === "bts" ? learnt : uniform;
      const truth = shares.reduce((sum, share, item) => sum + share * (clicks[item] ?? 0), 0);
      for (const estimator of ["ips", "snips", "dr"] as const) {
        const { value, standardError } = estimates[estimator];
        expect(Math.abs(value - truth)).toBeLessThan(4 * standardError);
        expect(Math.abs(value - own.value)).toBeLessThan(4 * Math.hypot(standardError, own.standardError));
      }
      expect(diagnosis.support).toBe("good");
    }
    const table = describeBandit(found).split("\n");
    expect(table).toHaveLength(2 + 4 * 4);
    expect(table[2]).toMatch(/^\| men +\| bts from random \| IPS /);
  }, 60_000);

  it("names the file that is missing or wrong", async () => {
    await expect(compareOpenBandit(join(folder, "nowhere"), 1)).rejects.toThrow(/random_men[.]csv[.]gz is not a log/);
    await writeFile(join(folder, "bts_women.csv.gz"), gzipSync("item_id,position\n1,1\n"));
    await expect(compareOpenBandit(folder, 1)).rejects.toThrow(/bts_women[.]csv[.]gz is not a log.*click/s);
  });
});
