/**
 * One score out of many detectors: the weighted mean of their scores, each in deviations from its own mean over the
 * training rows. Plain typed arrays: nothing here needs TF.js.
 */
import { blame, type Detectors, makeRoom, runDetectors } from "./detectors.ts";
import { createEncoder } from "./encode.ts";
import { writeParts } from "./files.ts";
import type { AnomalyModel } from "./model.ts";
import { compressReference } from "./neighbours.ts";
import type { AnomalyParts, Part } from "./parts.ts";

/** A detector that finds nothing strange in a row still counts this much (of a deviation) in whom it blames. */
const leastBlame = 0.05;

export function createModel(parts: AnomalyParts): AnomalyModel {
  const encoder = createEncoder(parts.codes);
  const detectors = detectorsOf(parts);
  const members = membersOf(parts);
  // One row at a time: the next one overwrites them.
  const raw = new Float64Array(members.length);
  const point = new Float32Array(encoder.width);

  function scorePoint(encoded: Float32Array): number {
    runDetectors(detectors, encoded, -1, raw);
    return combine(members, raw);
  }

  return {
    features: encoder.shapes.map(({ name }) => name),
    score: (table) => {
      const points = encoder.encodeTable(table);
      const scores = new Float64Array(table.rows);
      for (let row = 0; row < table.rows; row += 1) {
        scores[row] = scorePoint(points.subarray(row * encoder.width, (row + 1) * encoder.width));
      }
      return scores;
    },
    scoreRow: (row) => scorePoint(encoder.encodeRow(row, point)),
    contributions: (row) => explain(encoder.encodeRow(row, point)).contributions,
    explainRow: (row) => explain(encoder.encodeRow(row, point)),
    percentile: (score) => placeAmong(parts.quantiles, score),
    toFiles: () => writeParts(parts),
  };

  function explain(encoded: Float32Array): { readonly score: number; readonly contributions: Float64Array } {
    const score = scorePoint(encoded);
    const amounts = members.map(
      ({ weight, mean, deviation }, index) =>
        weight * Math.max(leastBlame, ((raw[index] as number) - mean) / deviation),
    );
    const credit = new Float64Array(encoder.width);
    blame(detectors, encoded, Float64Array.from(amounts), credit);
    const shares = new Float64Array(encoder.shapes.length);
    for (let place = 0; place < credit.length; place += 1) {
      const column = encoder.sources[place] as number;
      shares[column] = (shares[column] as number) + (credit[place] as number);
    }
    const total = shares.reduce((sum, share) => sum + share, 0);
    const contributions = total > 0 ? shares.map((share) => share / total) : shares.fill(1 / shares.length);
    return { score, contributions };
  }
}

function detectorsOf(parts: AnomalyParts): Detectors {
  const { reference, local, forest, histograms } = parts;
  const sizes = parts.plainScales.map(({ size }) => size);
  return {
    plain: reference,
    compressed: compressReference(reference),
    sizes,
    ...{ local, forest, histograms },
    room: makeRoom(reference, sizes, local),
  };
}

/** In the order of the raw scores. */
function membersOf(parts: AnomalyParts): Part[] {
  return [...parts.plainScales, ...parts.compressedScales, parts.local, parts.forest, parts.histograms];
}

export function combine(members: readonly Part[], raw: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < members.length; index += 1) {
    const { weight, mean, deviation } = members[index] as Part;
    sum += weight * (((raw[index] as number) - mean) / deviation);
  }
  return sum;
}

/** 0 below the first quantile, 1 from the last one on, linear in between. */
function placeAmong(quantiles: Float64Array, score: number): number {
  const last = quantiles.length - 1;
  if (!(score >= (quantiles[0] as number))) return 0;
  if (score >= (quantiles[last] as number)) return 1;
  let low = 0;
  let high = last;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (score < (quantiles[middle] as number)) high = middle;
    else low = middle;
  }
  const from = quantiles[low] as number;
  const to = quantiles[high] as number;
  return (low + (to > from ? (score - from) / (to - from) : 0)) / last;
}
