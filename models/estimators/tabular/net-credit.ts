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

function addInputs(
  { inputs, units, kernel }: DenseNet["layers"][number],
  values: Float32Array | Float64Array,
  start: number,
  out: Float64Array,
): void {
  for (let input = 0; input < inputs; input += 1) {
    const value = values[start + input] as number;
    // One-hot columns and silent units make most of them.
    if (value === 0) continue;
    const from = input * units;
    for (let unit = 0; unit < units; unit += 1) {
      out[unit] = (out[unit] as number) + value * (kernel[from + unit] as number);
    }
  }
}
