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
  const there = trace(net, reference);
  let multipliers = Float64Array.of(weight);
  for (const [index, layer] of [...net.layers.entries()].toReversed()) {
    const changes = here[index] as Trace;
    const from = there[index] as Trace;
    const units = multipliers.map((multiplier, unit) => {
      const given = (changes.before[unit] as number) - (from.before[unit] as number);
      const made = (changes.after[unit] as number) - (from.after[unit] as number);
      return given === 0 ? 0 : multiplier * (made / given);
    });
    multipliers = Float64Array.from({ length: layer.inputs }, (_, input) => {
      let sum = 0;
      for (let unit = 0; unit < layer.units; unit += 1) {
        sum += (layer.kernel[input * layer.units + unit] as number) * (units[unit] as number);
      }
      return sum;
    });
  }
  for (let input = 0; input < into.length; input += 1) {
    const change = (row[input] as number) - (reference[input] as number);
    into[input] = (into[input] as number) + (multipliers[input] as number) * change;
  }
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

/** The output, in double precision: credits must add up to it. */
export function netOutput(net: DenseNet, row: Float32Array): number {
  return trace(net, row).at(-1)?.after[0] ?? Number.NaN;
}
