/**
 * What each input of a network contributes against a reference: DeepLIFT's rescale rule (Shrikumar et al. 2017). A unit
 * passes on the ratio of its change to the change of what it was given, so the credits sum exactly to the difference of
 * the two outputs.
 */
import type { DenseNet } from "../../dense.ts";

interface Trace {
  readonly before: Float64Array;
  readonly after: Float64Array;
}

/** @param into one number per input of the network, added to */
export function creditNet(
  net: DenseNet,
  row: Float32Array,
  reference: Float32Array,
  weight: number,
  into: Float64Array,
): void {
  const here = trace(net, row);
  const there = traceOfReference(net, reference);
  let multipliers = Float64Array.of(weight);
  for (let index = net.layers.length - 1; index >= 0; index -= 1) {
    const { inputs, units, kernel } = net.layers[index] as DenseNet["layers"][number];
    const changes = here[index] as Trace;
    const from = there[index] as Trace;
    const ratios = new Float64Array(units);
    for (let unit = 0; unit < units; unit += 1) {
      const given = (changes.before[unit] as number) - (from.before[unit] as number);
      const made = (changes.after[unit] as number) - (from.after[unit] as number);
      ratios[unit] = given === 0 ? 0 : (multipliers[unit] as number) * (made / given);
    }
    const passed = new Float64Array(inputs);
    for (let input = 0; input < inputs; input += 1) {
      let sum = 0;
      for (let unit = 0; unit < units; unit += 1) {
        sum += (kernel[input * units + unit] as number) * (ratios[unit] as number);
      }
      passed[input] = sum;
    }
    multipliers = passed;
  }
  for (let input = 0; input < into.length; input += 1) {
    const change = (row[input] as number) - (reference[input] as number);
    into[input] = (into[input] as number) + (multipliers[input] as number) * change;
  }
}

const references = new WeakMap<DenseNet, { readonly reference: Float32Array; readonly traced: readonly Trace[] }>();

/** A model asks for the same reference time and again. */
function traceOfReference(net: DenseNet, reference: Float32Array): readonly Trace[] {
  const found = references.get(net);
  if (found?.reference === reference) return found.traced;
  const traced = trace(net, reference);
  references.set(net, { reference, traced });
  return traced;
}

function trace(net: DenseNet, row: Float32Array): Trace[] {
  let values = Float64Array.from(row);
  return net.layers.map((layer) => {
    const before = Float64Array.from(layer.bias);
    for (let input = 0; input < layer.inputs; input += 1) {
      const value = values[input] as number;
      if (value === 0) continue;
      for (let unit = 0; unit < layer.units; unit += 1) {
        before[unit] = (before[unit] as number) + value * (layer.kernel[input * layer.units + unit] as number);
      }
    }
    const after = layer.activation === "relu" ? before.map((value) => Math.max(0, value)) : before;
    values = after;
    return { before, after };
  });
}

/** Room for the values of each layer, as large as any net asked for: a request scores many rows. */
const rooms: Float64Array[] = [];

function roomFor(layer: number, units: number): Float64Array {
  const found = rooms[layer];
  if (found !== undefined && found.length >= units) return found;
  const made = new Float64Array(units);
  rooms[layer] = made;
  return made;
}

/** The output, in double precision: credits must add up to it. @param from where the row begins */
export function netOutput({ layers }: DenseNet, rows: Float32Array, from = 0): number {
  let values: Float32Array | Float64Array = rows;
  let start = from;
  for (let index = 0; index < layers.length; index += 1) {
    const layer = layers[index] as DenseNet["layers"][number];
    const out = roomFor(index, layer.units);
    out.set(layer.bias);
    addInputs(layer, values, start, out);
    if (layer.activation === "relu") {
      for (let unit = 0; unit < layer.units; unit += 1) if ((out[unit] as number) < 0) out[unit] = 0;
    }
    values = out;
    start = 0;
  }
  return values[start] as number;
}

/** The inputs of a layer that are not zero: one-hot columns and silent units make most of them. */
let live = new Int32Array(256);

function addInputs(
  { inputs, units, kernel }: DenseNet["layers"][number],
  values: Float32Array | Float64Array,
  start: number,
  out: Float64Array,
): void {
  if (live.length < inputs) live = new Int32Array(inputs);
  let count = 0;
  for (let input = 0; input < inputs; input += 1) {
    if (values[start + input] === 0) continue;
    live[count] = input;
    count += 1;
  }
  const fours = count - (count % 4);
  // One is added after the other, as if each had its turn; but four at once read and write every sum only once.
  for (let at = 0; at < fours; at += 4) {
    const a = live[at] as number;
    const b = live[at + 1] as number;
    const c = live[at + 2] as number;
    const d = live[at + 3] as number;
    const first = values[start + a] as number;
    const second = values[start + b] as number;
    const third = values[start + c] as number;
    const fourth = values[start + d] as number;
    for (let unit = 0; unit < units; unit += 1) {
      out[unit] =
        (out[unit] as number) +
        first * (kernel[a * units + unit] as number) +
        second * (kernel[b * units + unit] as number) +
        third * (kernel[c * units + unit] as number) +
        fourth * (kernel[d * units + unit] as number);
    }
  }
  for (let at = fours; at < count; at += 1) {
    const input = live[at] as number;
    const value = values[start + input] as number;
    const from = input * units;
    for (let unit = 0; unit < units; unit += 1) {
      out[unit] = (out[unit] as number) + value * (kernel[from + unit] as number);
    }
  }
}
