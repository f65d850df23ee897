/** How much each way of learning an effect counts: least squares on the R-loss of rows held back, no weight below zero. */

export interface EffectsOutOfFold {
  /** Outcome less what main effects expect. */
  readonly residual: Float64Array;
  /** Treatment less the share of treated rows. */
  readonly sign: Float64Array;
}

export interface Weighed {
  readonly weights: readonly number[];
  /** Added to the weighted effects, so that they average to the average effect. */
  readonly intercept: number;
  /** Share of the residual's variance that each explains beyond the average effect. */
  readonly gains: readonly number[];
}

/**
 * Effects are faint, and how much each way explains is fainter: the weights are drawn towards an equal share as by that
 * much data again.
 */
const priorStrength = 1;

export function weighEffects(effects: readonly Float64Array[], held: EffectsOutOfFold): Weighed {
  const count = effects.length;
  if (count === 0) return { weights: [], intercept: 0, gains: [] };
  const { residual, sign } = held;
  const power = sign.reduce((sum, value) => sum + value * value, 0);
  // Centred in the metric of the loss, so that the average effect is fitted apart from the weights.
  const centre = (values: Float64Array) => {
    const middle = values.reduce((sum, value, row) => sum + value * (sign[row] as number) ** 2, 0) / power;
    return values.map((value) => value - middle);
  };
  const average = residual.reduce((sum, value, row) => sum + value * (sign[row] as number), 0) / power;
  const rest = residual.map((value, row) => value - average * (sign[row] as number));
  const columns = effects.map((values) => centre(values).map((value, row) => value * (sign[row] as number)));
  const gram = columns.map((a) => columns.map((b) => dot(a, b)));
  const right = columns.map((column) => dot(column, rest));
  const whole = dot(rest, rest);
  const gains = columns.map((_, at) => (2 * (right[at] as number) - (gram[at]?.[at] as number)) / whole);
  const prior = 1 / count;
  const strength = (priorStrength * gram.reduce((sum, row, at) => sum + (row[at] as number), 0)) / count;
  const weights = new Array<number>(count).fill(prior);
  // Coordinate descent: convex with few unknowns, so it settles quickly.
  for (let round = 0; round < 500; round += 1) {
    for (let at = 0; at < count; at += 1) {
      const others = (gram[at] as number[]).reduce(
        (sum, value, j) => sum + (j === at ? 0 : value * (weights[j] as number)),
        0,
      );
      const wanted = ((right[at] as number) - others + strength * prior) / ((gram[at]?.[at] as number) + strength || 1);
      weights[at] = Math.max(0, wanted);
    }
  }
  const means = effects.map(
    (values) => values.reduce((sum, value, row) => sum + value * (sign[row] as number) ** 2, 0) / power,
  );
  const intercept = average - means.reduce((sum, value, at) => sum + value * (weights[at] as number), 0);
  return { weights, intercept, gains };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let row = 0; row < a.length; row += 1) sum += (a[row] as number) * (b[row] as number);
  return sum;
}
