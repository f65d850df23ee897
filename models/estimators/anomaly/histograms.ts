/** Histogram-based outlier score (Goldstein and Dengel 2012): rare values, number by number, as if independent. */

const bins = 10;
/** Added to each relative height, so that an empty bin is rare and not impossible. */
const floor = 0.1;

export interface Histograms {
  /** Of the first bin, and how wide each is. */
  readonly low: Float32Array;
  readonly step: Float32Array;
  /** Strangeness by number and bin: 0 in the fullest bin and more where it is emptier. */
  readonly surprise: Float64Array;
}

export function fitHistograms(points: Float32Array, width: number): Histograms {
  const rows = points.length / width;
  const low = new Float32Array(width);
  const step = new Float32Array(width);
  const surprise = new Float64Array(width * bins);
  for (let place = 0; place < width; place += 1) {
    let least = Number.POSITIVE_INFINITY;
    let most = Number.NEGATIVE_INFINITY;
    for (let row = 0; row < rows; row += 1) {
      const value = points[row * width + place] as number;
      if (value < least) least = value;
      if (value > most) most = value;
    }
    low[place] = least;
    step[place] = (most - least) / bins || 1;
    const counts = new Float64Array(bins);
    for (let row = 0; row < rows; row += 1) {
      const bin = binOf(points[row * width + place] as number, low[place] as number, step[place] as number);
      counts[bin] = (counts[bin] ?? 0) + 1;
    }
    const fullest = counts.reduce((a, b) => Math.max(a, b), 1);
    for (let bin = 0; bin < bins; bin += 1) {
      surprise[place * bins + bin] = Math.log((1 + floor) / ((counts[bin] ?? 0) / fullest + floor));
    }
  }
  return { low, step, surprise };
}

const rarest = Math.log((1 + floor) / floor);

export function surpriseAt({ low, step, surprise }: Histograms, place: number, value: number): number {
  const from = low[place] as number;
  const wide = step[place] as number;
  // Half a bin beyond what was seen still counts as the last bin.
  if (value < from - wide / 2 || value > from + (bins + 0.5) * wide) return rarest;
  return surprise[place * bins + binOf(value, from, wide)] as number;
}

function binOf(value: number, low: number, step: number): number {
  return Math.min(bins - 1, Math.max(0, Math.floor((value - low) / step)));
}
