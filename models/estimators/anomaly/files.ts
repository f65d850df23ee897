/**
 * An ensemble as two files: `model.json` says what there is, `model.bin` holds the arrays one after another. The same
 * ensemble gives the same bytes, and what is read back scores the same to the last bit.
 */
import { z } from "zod";
import { codesSchema, createEncoder } from "./encode.ts";
import type { AnomalyParts } from "./parts.ts";

const part = { weight: z.number(), mean: z.number(), deviation: z.number().positive() };
const scale = z.object({ ...part, size: z.int().positive(), reliability: z.number() });

const modelSchema = z.object({
  format: z.literal("tessera-anomaly-1"),
  codes: codesSchema,
  reference: z.object({ width: z.int().positive(), rows: z.int().positive() }),
  plain_scales: z.array(scale).min(1),
  compressed_scales: z.array(scale),
  local: z.object({ ...part, neighbours: z.int().positive() }),
  forest: z.object({ ...part, usual: z.number().positive() }),
  histograms: z.object(part),
  lengths: z.object({ order: z.int(), trees: z.int(), nodes: z.int(), surprise: z.int(), quantiles: z.int() }),
});

export function writeParts(parts: AnomalyParts): Record<string, Uint8Array> {
  const { reference, local, forest, histograms } = parts;
  const partOf = ({ weight, mean, deviation }: z.infer<typeof modelSchema>["histograms"]) => ({
    ...{ weight, mean, deviation },
  });
  const model: z.infer<typeof modelSchema> = {
    format: "tessera-anomaly-1",
    codes: parts.codes,
    reference: { width: reference.width, rows: reference.rows },
    plain_scales: [...parts.plainScales],
    compressed_scales: [...parts.compressedScales],
    local: { ...partOf(local), neighbours: local.neighbours },
    forest: { ...partOf(forest), usual: forest.usual },
    histograms: partOf(histograms),
    lengths: {
      order: reference.order.length,
      trees: forest.roots.length,
      nodes: forest.left.length,
      surprise: histograms.surprise.length,
      quantiles: parts.quantiles.length,
    },
  };
  return { "model.json": new TextEncoder().encode(JSON.stringify(model)), "model.bin": pack(arraysOf(parts)) };
}

/** @throws ZodError for another format, RangeError when the two files do not fit together. */
export function readParts(files: Readonly<Record<string, Uint8Array>>): AnomalyParts {
  const json = files["model.json"];
  const bytes = files["model.bin"];
  if (json === undefined || bytes === undefined) throw new RangeError("model.json and model.bin belong together");
  const model = modelSchema.parse(JSON.parse(new TextDecoder().decode(json)));
  const { reference, lengths } = model;
  if (createEncoder(model.codes).width !== reference.width)
    throw new RangeError("the columns do not fit the reference");
  const take = unpack(bytes);
  const points = Float64Array.from(take(Float32Array, reference.rows * reference.width));
  const order = take(Int32Array, lengths.order);
  const parts: AnomalyParts = {
    codes: model.codes,
    reference: { ...reference, points, order },
    plainScales: model.plain_scales,
    compressedScales: model.compressed_scales,
    local: {
      ...model.local,
      reach: take(Float64Array, reference.rows),
      density: take(Float64Array, reference.rows),
    },
    forest: {
      ...model.forest,
      roots: take(Int32Array, lengths.trees),
      input: take(Int32Array, lengths.nodes),
      cut: take(Float32Array, lengths.nodes),
      left: take(Int32Array, lengths.nodes),
      depth: take(Float64Array, lengths.nodes),
    },
    histograms: {
      ...model.histograms,
      low: take(Float32Array, reference.width),
      step: take(Float32Array, reference.width),
      surprise: take(Float64Array, lengths.surprise),
    },
    quantiles: take(Float64Array, lengths.quantiles),
  };
  if (take.left() !== 0) throw new RangeError("model.bin is too long");
  refuseBroken(parts);
  return parts;
}

/** Whoever reads a broken file must neither hang nor read beside an array. */
function refuseBroken({ reference, forest, histograms, quantiles, plainScales, compressedScales }: AnomalyParts): void {
  const inside = (values: Int32Array, end: number) => values.every((value) => value >= 0 && value < end);
  const { roots, input, left } = forest;
  const sound =
    inside(reference.order, reference.rows) &&
    inside(roots, left.length) &&
    inside(input, reference.width) &&
    left.every((child, node) => child === 0 || (child > node && child + 1 < left.length)) &&
    roots.length > 0 &&
    histograms.surprise.length === reference.width * 10 &&
    quantiles.length > 0 &&
    plainScales.length === compressedScales.length;
  if (!sound) throw new RangeError("model.bin does not fit model.json");
}

function arraysOf({ reference, local, forest, histograms, quantiles }: AnomalyParts) {
  return [
    ...[Float32Array.from(reference.points), reference.order, local.reach, local.density],
    ...[forest.roots, forest.input, forest.cut, forest.left, forest.depth],
    ...[histograms.low, histograms.step, histograms.surprise, quantiles],
  ];
}

function pack(arrays: readonly (Float64Array | Float32Array | Int32Array)[]): Uint8Array {
  const bytes = new Uint8Array(arrays.reduce((sum, array) => sum + array.byteLength, 0));
  let offset = 0;
  for (const array of arrays) {
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), offset);
    offset += array.byteLength;
  }
  return bytes;
}

function unpack(bytes: Uint8Array) {
  let offset = 0;
  function take<T>(type: { new (buffer: ArrayBuffer): T; readonly BYTES_PER_ELEMENT: number }, length: number): T {
    const end = offset + length * type.BYTES_PER_ELEMENT;
    if (end > bytes.byteLength) throw new RangeError("model.bin is too short");
    // A copy, which begins where its type may begin.
    const part = new Uint8Array(end - offset);
    part.set(bytes.subarray(offset, end));
    offset = end;
    return new type(part.buffer);
  }
  return Object.assign(take, { left: () => bytes.byteLength - offset });
}
