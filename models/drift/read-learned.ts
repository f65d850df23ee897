/**
 * How far what a model is asked lies from what it learned from: the vectors logged with the scores of the last 7 days
 * against the reference of its manifest. Vectors are counted whichever version scored them, scores only of this version.
 */
import type { ClickHouseClient } from "@clickhouse/client";
import { z } from "zod";
import type { Manifest, ModelName } from "../registry/manifest.ts";
import { countsOf, type Histogram, stabilityIndex } from "./histogram.ts";
import { comparedRowsMin, type DriftLevel, levelOf } from "./levels.ts";

export interface Compared {
  /** Null where it is not known. */
  readonly psi: number | null;
  readonly level: DriftLevel | null;
  readonly referenceCount: number;
  readonly recentCount: number;
}

export interface LearnedDrift {
  /** What the vectors are compared with; null: the version is from before it was kept. */
  readonly referenceCount: number | null;
  /** Of the last 7 days, the newest 20,000 or so. */
  readonly recentCount: number;
  readonly score: Compared | null;
  /** What moved most comes first. */
  readonly features: readonly (Compared & { readonly feature: string })[];
}

export const learnedDays = 7;
/** A few thousand rows say what many say: chance moves the index of 20,000 by less than 0.001. */
const eventsMax = { "redemption.succeeded": 20_000, "offer.served": 7_000 } as const;

/** The newest events; payloads are taken apart after that, since a busy week has millions. */
function newest(type: keyof typeof eventsMax): string {
  return `(
    SELECT payload, model, risk_score FROM events
    WHERE project_id = {project: String} AND type = '${type}' AND model != ''
      AND occurred_at >= {from: DateTime64(3)} AND occurred_at < {until: DateTime64(3)}
    ORDER BY occurred_at DESC LIMIT ${eventsMax[type]})`;
}

const firstOffers = `
    FROM ${newest("offer.served")} ARRAY JOIN JSONExtractArrayRaw(payload, 'offers') AS offer
    WHERE JSONExtractInt(offer, 'rank') <= 3 AND JSONType(offer, 'features') = 'Object'`;

/**
 * What is like the rows that each model learned from; of a model whose vectors nobody logs, nothing. Of attempts those
 * that went through: refused ones are examples only where a reviewer confirmed them, and a wave of guessed codes is no
 * drift of custom. The model's own score is what rules have not added. Of offers the first three places, as in
 * `personalisation/dataset.ts`.
 */
const vectors: Readonly<Partial<Record<ModelName, string>>> = {
  risk: `
    SELECT JSONExtractKeysAndValues(payload, 'risk', 'features', 'Float64') AS features,
           model = {model: String} AND risk_score IS NOT NULL AS is_own,
           assumeNotNull(risk_score) - arraySum(
             reason -> if(startsWith(JSONExtractString(reason, 'feature'), 'rule:'), JSONExtractFloat(reason, 'contribution'), 0),
             JSONExtractArrayRaw(payload, 'risk', 'reasons')) AS score
    FROM ${newest("redemption.succeeded")}
    WHERE notEmpty(features)`,
  personalisation: `
    SELECT JSONExtractKeysAndValues(offer, 'features', 'Float64') AS features,
           model = {model: String} AND JSONType(offer, 'probability') IN ('Double', 'Int64', 'UInt64') AS is_own,
           JSONExtractFloat(offer, 'probability') AS score ${firstOffers}`,
  // Its features are among those that were logged of the same offers; its effects are not.
  uplift: `
    SELECT JSONExtractKeysAndValues(offer, 'features', 'Float64') AS features, 0 AS is_own, 0. AS score ${firstOffers}`,
};

/** No feature is called so. */
const scoreName = "(score)";
const rowsName = "(rows)";

const binRow = z.object({ name: z.string(), bin: z.int().nonnegative(), n: z.int() });

/** @param now the end of the 7 days. */
export async function readLearnedDrift(
  warehouse: ClickHouseClient,
  projectId: string,
  manifest: Manifest,
  now: number,
): Promise<LearnedDrift> {
  const { features, reference } = manifest;
  const known = reference?.features.length === features.length ? reference : undefined;
  const histograms = new Map(
    features.flatMap((feature, at): [string, Histogram][] => {
      const histogram = known?.features[at];
      return histogram === undefined ? [] : [[feature.name, histogram]];
    }),
  );
  if (known !== undefined) histograms.set(scoreName, known.score);
  const counts = await countBins(warehouse, projectId, manifest, histograms, now);
  const rows = (of: string) => counts.get(of)?.[0] ?? 0;
  const recentCount = rows(rowsName);
  const compared = (of: string, all: number) => {
    const histogram = histograms.get(of);
    return histogram === undefined ? null : compare(histogram, counts.get(of) ?? [], all);
  };
  return {
    referenceCount: known?.features[0] === undefined ? null : total(countsOf(known.features[0])),
    recentCount,
    score: compared(scoreName, rows(`${scoreName} ${rowsName}`)),
    features: features
      .flatMap(({ name: feature }) => {
        const found = compared(feature, recentCount);
        return found === null ? [] : [{ feature, ...found }];
      })
      .sort((a, b) => (b.psi ?? -1) - (a.psi ?? -1)),
  };
}

/** By name, how many values lie in each bin. */
async function countBins(
  warehouse: ClickHouseClient,
  projectId: string,
  { name, version }: Manifest,
  histograms: ReadonlyMap<string, Histogram>,
  now: number,
): Promise<ReadonlyMap<string, readonly (number | undefined)[]>> {
  const counts = new Map<string, number[]>();
  const logged = vectors[name];
  if (logged === undefined) return counts;
  const result = await warehouse.query({
    query: `
      SELECT pair.1 AS name, toInt64(arrayCount(edge -> pair.2 > edge, arrayElement({edges: Array(Array(Float64))}, indexOf({names: Array(String)}, pair.1)))) AS bin,
             toInt64(count()) AS n
      FROM (${logged})
      ARRAY JOIN arrayConcat(features, [('${rowsName}', 0.)], if(is_own, [('${scoreName}', score), ('${scoreName} ${rowsName}', 0.)], [])) AS pair
      WHERE has({names: Array(String)}, pair.1)
      GROUP BY name, bin`,
    query_params: {
      ...{ project: projectId, model: `${name}@${version}` },
      ...{ from: instant(now - learnedDays * 86_400_000), until: instant(now) },
      names: [...histograms.keys(), rowsName, `${scoreName} ${rowsName}`],
      edges: [...[...histograms.values()].map(({ edges }) => edges), [], []],
    },
    format: "JSONEachRow",
    clickhouse_settings: { max_execution_time: 30, output_format_json_quote_64bit_integers: 0 },
  });
  for (const { name: of, bin, n } of z.array(binRow).parse(await result.json())) {
    const bins = counts.get(of) ?? [];
    bins[bin] = n;
    counts.set(of, bins);
  }
  return counts;
}

/** @param all rows, among them those without a value. */
function compare(histogram: Histogram, bins: readonly (number | undefined)[], all: number): Compared {
  const before = countsOf(histogram);
  const found = histogram.counts.map((_, bin) => bins[bin] ?? 0);
  const referenceCount = total(before);
  const enough = Math.min(referenceCount, all) >= comparedRowsMin;
  const psi = enough ? stabilityIndex(before, [...found, Math.max(0, all - total(found))]) : null;
  return { psi, level: levelOf(psi), referenceCount, recentCount: all };
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

function instant(at: number): string {
  return new Date(at).toISOString().replace("T", " ").replace("Z", "");
}
