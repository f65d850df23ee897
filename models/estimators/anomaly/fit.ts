/**
 * Learns what is usual in a table without any label: nearest neighbours at several scales, local outlier factors, an
 * isolation forest and histograms, combined. Which scales count is measured on the table itself, see `reliability.ts`.
 * One setting for every table; the same rows and seed give the same model.
 */
import { setImmediate } from "node:timers/promises";
import type { Runtime } from "../../runtime.ts";
import { seeded } from "../../training/random.ts";
import type { Table } from "../table.ts";
import { type Detectors, detectorCount, makeRoom, runDetectors } from "./detectors.ts";
import { createEncoder, fitCodes } from "./encode.ts";
import { combine, createModel } from "./ensemble.ts";
import { fitHistograms } from "./histograms.ts";
import { drawRows, fitIsolationForest } from "./isolation-forest.ts";
import type { AnomalyModel } from "./model.ts";
import { compressReference, fitLocalDensity, usableScales } from "./neighbours.ts";
import type { Part } from "./parts.ts";
import { measureReliability, orderOf } from "./reliability.ts";

export interface AnomalyOptions {
  readonly seed: number;
  readonly say?: (message: string) => void;
}

/** Numbers of the reference, whatever the width: what scoring a row costs. */
const referenceNumbers = 24_576;
const referenceRows = { least: 256, most: 1_024 } as const;
/** Training rows that are scored for means, deviations and quantiles. */
const scoredMax = 4_000;
const quantileCount = 1_000;
/** How sharply the more reliable scales are preferred. */
const preference = 8;
/** The weight of each detector that is not a scale; all scales together have 1. */
const otherWeight = 0.1;
const yieldEvery = 256;

/**
 * @param _runtime not needed by these detectors; every estimator takes it
 * @throws RangeError for a table without rows or columns
 */
export async function fitAnomaly(_runtime: Runtime, table: Table, options: AnomalyOptions): Promise<AnomalyModel> {
  if (table.rows < 2 || table.columns.length === 0) throw new RangeError("two rows and a column are the least");
  const random = seeded(options.seed);
  const codes = fitCodes(table);
  const { width, encodeTable } = createEncoder(codes);
  const points = encodeTable(table);
  const point = (row: number) => points.subarray(row * width, (row + 1) * width);

  const room = Math.floor(referenceNumbers / width / 128) * 128;
  const wanted = Math.min(referenceRows.most, Math.max(referenceRows.least, room));
  const chosen = drawRows(table.rows, Math.min(wanted, table.rows), random);
  const order = orderOf(chosen.length, wanted, random);
  const kept = new Float64Array(chosen.length * width);
  for (const [place, row] of chosen.entries()) kept.set(point(row), place * width);
  const reference = { width, rows: chosen.length, points: kept, order };
  const sizes = usableScales(chosen.length);
  const local = fitLocalDensity(reference);
  const detectors: Detectors = {
    plain: reference,
    compressed: compressReference(reference),
    sizes,
    local,
    forest: fitIsolationForest(points, width, random),
    histograms: fitHistograms(points, width),
    room: makeRoom(reference, sizes, local),
  };
  await setImmediate();
  const reliability = measureReliability(points, width, sizes, random);
  options.say?.(`scales ${sizes.join(", ")}: agreement ${reliability.plain.map(rounded).join(", ")}`);

  const scored = drawRows(table.rows, Math.min(scoredMax, table.rows), random);
  const places = new Map(Array.from(chosen, (row, place) => [row, place]));
  const count = detectorCount(detectors);
  const raw: Float64Array[] = [];
  for (const [index, row] of scored.entries()) {
    const scores = new Float64Array(count);
    runDetectors(detectors, point(row), places.get(row) ?? -1, scores);
    raw.push(scores);
    if (index % yieldEvery === 0) await setImmediate();
  }
  const weights = weightsOf([...reliability.plain, ...reliability.compressed]);
  const members = Array.from({ length: count }, (_, index) => toPart(raw, index, weights[index] ?? otherWeight));
  const scales = (from: number, reliabilities: readonly number[]) =>
    sizes.map((size, index) => ({
      ...(members[from + index] as Part),
      ...{ size, reliability: reliabilities[index] ?? 0 },
    }));
  const [factor, forest, histograms] = members.slice(2 * sizes.length) as [Part, Part, Part];
  return createModel({
    codes,
    reference,
    plainScales: scales(0, reliability.plain),
    compressedScales: scales(sizes.length, reliability.compressed),
    local: { ...local, ...factor },
    forest: { ...detectors.forest, ...forest },
    histograms: { ...detectors.histograms, ...histograms },
    quantiles: quantilesOf(raw.map((scores) => combine(members, scores))),
  });
}

/** Together 1. Where no scale agrees with itself, all count the same. */
function weightsOf(reliabilities: readonly number[]): number[] {
  const best = Math.max(...reliabilities);
  const powers = reliabilities.map((value) => (best > 0 ? (value / best) ** preference : 1));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

function toPart(raw: readonly Float64Array[], index: number, weight: number): Part {
  let mean = 0;
  for (const scores of raw) mean += (scores[index] as number) / raw.length;
  let variance = 0;
  for (const scores of raw) variance += ((scores[index] as number) - mean) ** 2 / raw.length;
  return { weight, mean, deviation: Math.sqrt(variance) || 1 };
}

function quantilesOf(scores: readonly number[]): Float64Array {
  const sorted = Float64Array.from(scores).sort();
  const steps = Math.min(quantileCount, sorted.length - 1);
  return Float64Array.from({ length: steps + 1 }, (_, step) => {
    return sorted[Math.round((step / steps) * (sorted.length - 1))] ?? 0;
  });
}

const rounded = (value: number) => value.toFixed(2);
