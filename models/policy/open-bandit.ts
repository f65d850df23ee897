/**
 * The Open Bandit data (Saito et al., NeurIPS 2021 Datasets): two policies, each with a log of its own on the same pages,
 * so that what is estimated of one from the other's log can be compared with what it did earn.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { parse } from "csv-parse/sync";
import { z } from "zod";
import { predictLogistic } from "../training/logistic.ts";
import { type Diagnosis, diagnose } from "./diagnose.ts";
import { type Estimates, estimateValue, type LoggedAction } from "./estimate.ts";
import { crossFit } from "./reward-model.ts";

const number = z.coerce.number();
const impressionRow = z
  .looseObject({
    item_id: number.pipe(z.int().min(0)),
    position: number.pipe(z.int().min(1)),
    click: number.pipe(z.literal([0, 1])),
    propensity_score: number.pipe(z.number().gt(0).max(1)),
  })
  .transform((row) => ({ ...row, affinities: row as Record<string, unknown> }));

interface Impression {
  readonly item: number;
  readonly position: number;
  readonly click: number;
  readonly propensity: number;
  /** How close the shopper is to each item, by item. */
  readonly affinities: readonly number[];
}

export interface BanditComparison {
  readonly campaign: string;
  /** Whose log was read, and of whom it is asked. */
  readonly logged: "random" | "bts";
  readonly target: "random" | "bts";
  /** Clicks per impression that the target had in its own log. */
  readonly own: { readonly value: number; readonly standardError: number };
  readonly estimates: Estimates;
  readonly diagnosis: Diagnosis;
}

/** @throws Error naming the file that is missing or wrong. */
export async function compareOpenBandit(folder: string, seed: number): Promise<BanditComparison[]> {
  const found: BanditComparison[] = [];
  for (const campaign of ["men", "women"]) {
    const random = await readImpressions(join(folder, `random_${campaign}.csv.gz`));
    const bts = await readImpressions(join(folder, `bts_${campaign}.csv.gz`));
    const items = 1 + Math.max(...[...random, ...bts].map(({ item }) => item));
    // Thompson sampling moves with what it learns; its shares over the week are what it was on average.
    const shares = sharesByPosition(bts, items);
    const uniform = () => new Array<number>(items).fill(1 / items);
    const compared = (logged: "random" | "bts", target: "random" | "bts") => {
      const [log, own] = logged === "random" ? [random, bts] : [bts, random];
      const policy = target === "bts" ? (position: number) => shares.get(position) ?? [] : uniform;
      const rows = toLogged(log, policy, items, seed);
      const mean = own.reduce((sum, { click }) => sum + click, 0) / own.length;
      return {
        campaign,
        logged,
        target,
        own: { value: mean, standardError: Math.sqrt((mean * (1 - mean)) / own.length) },
        estimates: estimateValue(rows, { resamples: 1000, seed }),
        diagnosis: diagnose(rows),
      };
    };
    found.push(compared("random", "bts"), compared("bts", "random"));
  }
  return found;
}

async function readImpressions(path: string): Promise<Impression[]> {
  try {
    const rows: unknown[] = parse(gunzipSync(await readFile(path)), { columns: true });
    return z
      .array(impressionRow)
      .min(1)
      .parse(rows)
      .map(({ item_id, position, click, propensity_score, affinities }) => ({
        item: item_id,
        position,
        click,
        propensity: propensity_score,
        affinities: affinitiesOf(affinities),
      }));
  } catch (error) {
    throw new Error(`${path} is not a log of the Open Bandit data: ${(error as Error).message}`, { cause: error });
  }
}

function affinitiesOf(row: Record<string, unknown>): number[] {
  const found: number[] = [];
  for (let item = 0; `user-item_affinity_${item}` in row; item += 1) {
    found.push(Number(row[`user-item_affinity_${item}`]) || 0);
  }
  return found;
}

function sharesByPosition(log: readonly Impression[], items: number): Map<number, number[]> {
  const shares = new Map<number, number[]>();
  for (const { item, position } of log) {
    const counts = shares.get(position) ?? new Array<number>(items).fill(0);
    counts[item] = (counts[item] ?? 0) + 1;
    shares.set(position, counts);
  }
  for (const counts of shares.values()) {
    const sum = counts.reduce((total, count) => total + count, 0);
    for (let item = 0; item < items; item += 1) counts[item] = (counts[item] ?? 0) / sum;
  }
  return shares;
}

/** Each line is a decision of its own: nothing says which were on one page. */
function toLogged(
  log: readonly Impression[],
  policy: (position: number) => readonly number[],
  items: number,
  seed: number,
): LoggedAction[] {
  const vectors = log.map((row) => vectorOf(row, row.item, items));
  const clusters = log.map((_, index) => index);
  const models = crossFit(
    vectors,
    log.map(({ click }) => click),
    clusters,
    { folds: 2, ridge: 10, seed },
  );
  return log.map((row, index) => {
    const model = models[index];
    const target = policy(row.position);
    if (model === undefined) throw new RangeError("every row has a model");
    return {
      decision: index,
      cluster: index,
      reward: row.click,
      propensity: row.propensity,
      target: target[row.item] ?? 0,
      predicted: predictLogistic(model, vectors[index] ?? []),
      predictedOfTarget: target.reduce(
        (sum, chance, item) => (chance === 0 ? sum : sum + chance * predictLogistic(model, vectorOf(row, item, items))),
        0,
      ),
    };
  });
}

/** Which item, where, and how close it is to the shopper. */
function vectorOf({ position, affinities }: Impression, item: number, items: number): number[] {
  const vector = new Array<number>(items + 3).fill(0);
  vector[item] = 1;
  vector[items] = Number(position === 2);
  vector[items + 1] = Number(position === 3);
  vector[items + 2] = Math.log1p(affinities[item] ?? 0);
  return vector;
}
