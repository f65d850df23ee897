/** How good scores are. Labels are 0 or 1. */

/** Area under the ROC curve, ties counted half: that a random positive scores above a random negative. NaN without both. */
export function areaUnderRoc(scores: readonly number[], labels: readonly number[]): number {
  const order = rank(scores, 1);
  const positives = labels.reduce((sum, label) => sum + label, 0);
  const negatives = labels.length - positives;
  let rankSum = 0;
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end < order.length && scores[order[end] ?? 0] === scores[order[start] ?? 0]) end += 1;
    const middle = (start + 1 + end) / 2;
    for (let at = start; at < end; at += 1) rankSum += middle * (labels[order[at] ?? 0] ?? 0);
    start = end;
  }
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/** Area under the precision-recall curve by steps; rows with equal scores are one step. NaN without a positive. */
export function averagePrecision(scores: readonly number[], labels: readonly number[]): number {
  const order = rank(scores, -1);
  const positives = labels.reduce((sum, label) => sum + label, 0);
  let found = 0;
  let area = 0;
  for (let start = 0; start < order.length; ) {
    let end = start;
    const before = found;
    while (end < order.length && scores[order[end] ?? 0] === scores[order[start] ?? 0]) {
      found += labels[order[end] ?? 0] ?? 0;
      end += 1;
    }
    area += ((found - before) / positives) * (found / end);
    start = end;
  }
  return area;
}

/** Mean negative log-likelihood in nats. */
export function logLoss(probabilities: readonly number[], labels: readonly number[]): number {
  const tiny = 1e-7;
  const sum = probabilities.reduce((total, given, index) => {
    const probability = Math.min(1 - tiny, Math.max(tiny, given));
    return total - Math.log(labels[index] === 1 ? probability : 1 - probability);
  }, 0);
  return sum / probabilities.length;
}

/** Mean gap between promised and observed rate over ten bins of equal size. */
export function calibrationError(probabilities: readonly number[], labels: readonly number[]): number {
  const order = rank(probabilities, 1);
  const bins = Math.min(10, order.length);
  let error = 0;
  for (let bin = 0; bin < bins; bin += 1) {
    const from = Math.floor((bin * order.length) / bins);
    const to = Math.floor(((bin + 1) * order.length) / bins);
    let gap = 0;
    for (let at = from; at < to; at += 1) gap += (probabilities[order[at] ?? 0] ?? 0) - (labels[order[at] ?? 0] ?? 0);
    error += Math.abs(gap) / order.length;
  }
  return error;
}

export function probabilityMetrics(probabilities: readonly number[], labels: readonly number[]) {
  return {
    auc: areaUnderRoc(probabilities, labels),
    average_precision: averagePrecision(probabilities, labels),
    log_loss: logLoss(probabilities, labels),
    calibration_error: calibrationError(probabilities, labels),
  };
}

function rank(scores: readonly number[], direction: 1 | -1): number[] {
  return scores.map((_, index) => index).sort((a, b) => direction * ((scores[a] ?? 0) - (scores[b] ?? 0)) || a - b);
}
