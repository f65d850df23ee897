/** The figures of an evaluation as Markdown tables. */
import { markdownTable } from "../markdown.ts";
import { type Estimate, type Estimator, estimators, type Interval } from "./estimate.ts";
import type { BanditComparison } from "./open-bandit.ts";
import { type LogReport, type Reward, rewards } from "./product-log.ts";
import type { Accuracy, SimulationOptions } from "./simulate.ts";

const names: Readonly<Record<Estimator, string>> = { ips: "IPS", snips: "SNIPS", dm: "direct", dr: "doubly robust" };

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const holds = ({ low, high }: Interval, value: number) => low <= value && value <= high;

export function describeBandit(comparisons: readonly BanditComparison[]): string {
  const rate = (value: number) => value.toFixed(4);
  const span = (interval: Interval | undefined) =>
    interval === undefined ? "–" : `${rate(interval.low)} to ${rate(interval.high)}`;
  const rows = comparisons.flatMap(({ campaign, logged, target, own, estimates, diagnosis }) =>
    estimators.map((estimator) => {
      const { value, normal, bootstrap } = estimates[estimator];
      const inside = bootstrap !== undefined && holds(bootstrap, own.value);
      return [
        campaign,
        `${target} from ${logged}`,
        names[estimator],
        rate(value),
        span(normal),
        span(bootstrap),
        `${rate(own.value)} ± ${rate(own.standardError)}`,
        inside ? "yes" : "no",
        `${Math.round(diagnosis.effectiveRows)}, ${diagnosis.meanWeight.toFixed(3)}`,
        diagnosis.support,
      ];
    }),
  );
  const head = [
    "campaign",
    "estimated",
    "estimator",
    "clicks per impression",
    "95 %, normal",
    "95 %, bootstrap",
    "its own log ± se",
    "bootstrap holds it",
    "effective rows, mean weight",
    "support",
  ];
  return markdownTable(head, rows);
}

export function describeSimulation(
  { runs, decisions, places, seed }: SimulationOptions,
  results: readonly Accuracy[],
): string {
  const rows = results.map((result) => [
    result.estimator in names ? names[result.estimator as Estimator] : "IPS, weights cut at 20",
    result.truth.toFixed(4),
    result.bias.toFixed(4),
    result.rootMeanSquare.toFixed(4),
    percent(result.normalCoverage),
    percent(result.bootstrapCoverage),
    result.meanWidth.toFixed(3),
  ]);
  const head = ["estimator", "truth", "bias", "RMSE", "normal holds it", "bootstrap holds it", "mean width"];
  const shown = places === 1 ? "one offer" : `a ranking of ${places} offers`;
  return `${runs} runs of ${decisions} decisions, ${shown} each, seed ${seed}:\n\n${markdownTable(head, rows)}`;
}

export function describeLog({ policies }: LogReport): string {
  const digits: Readonly<Record<Reward, number>> = { redemptions: 4, value: 1 };
  return rewards
    .map((reward) => {
      const text = ({ value, normal }: Estimate) =>
        `${value.toFixed(digits[reward])} (${normal.low.toFixed(digits[reward])} to ${normal.high.toFixed(digits[reward])})`;
      const rows = policies.map(({ policy, own, offPolicy, diagnosis }) => [
        policy,
        own === undefined ? "–" : String(own.decisions),
        own === undefined ? "–" : text(own.means[reward]),
        ...estimators.map((estimator) => text(offPolicy[reward][estimator])),
        String(Math.round(diagnosis.effectiveRows)),
        diagnosis.support,
      ]);
      const head = [
        "policy",
        "decisions",
        "own arm",
        ...estimators.map((estimator) => names[estimator]),
        "effective rows",
        "support",
      ];
      return `${reward} per decision, with 95 % intervals:\n\n${markdownTable(head, rows)}`;
    })
    .join("\n\n");
}
