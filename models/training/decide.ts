/** Whether a new model may take the place of the champion. */
import type { Manifest } from "../registry/manifest.ts";

export interface Verdict {
  readonly promote: boolean;
  /** In words, for the log, the registry and the card. */
  readonly reason: string;
}

/** Of the log-loss: less of an advantage is noise of a few thousand rows. */
const logLossMargin = 0.002;
/** Of the average precision. */
const precisionMargin = 0.002;
/** Ordinary attempts of the held-back days that a risk model may flag. */
const flaggedShareMax = 0.01;

/**
 * On the held-back days it must beat every named baseline, and the champion where one could be asked, by the margin: a
 * personalisation model by its log-loss, a risk model by its average precision on confirmed abuse, or on made-up abuse
 * where too little is confirmed, while it flags no more than one ordinary attempt in a hundred. A model of effects must
 * order held-back customers better, by the whole 95 % interval of the difference; than the champion, by what was found.
 */
export function decide(manifest: Manifest): Verdict {
  const { metrics, champion } = manifest;
  const flagged = metrics.model.flagged_share ?? 0;
  if (manifest.name === "risk" && flagged > flaggedShareMax) {
    const percent = (share: number) => `${(share * 100).toFixed(2)} %`;
    return no(`it flags ${percent(flagged)} of ordinary attempts; ${percent(flaggedShareMax)} are the most`);
  }
  if (manifest.name === "uplift") return decideEffects(manifest);
  const rivals = [
    ...Object.entries(metrics.baselines).map(([name, values]) => ({ name: name.replaceAll("_", " "), values })),
    ...(champion === null ? [] : [{ name: `the champion ${champion.version}`, values: champion.metrics }]),
  ];
  const metric = judgedBy(manifest);
  const own = metrics.model[metric];
  if (own === undefined) return no(`it has no ${metric.replaceAll("_", " ")}`);
  for (const { name, values } of rivals) {
    const theirs = values[metric];
    if (theirs === undefined) continue;
    const better = metric === "log_loss" ? own < theirs * (1 - logLossMargin) : own > theirs + precisionMargin;
    if (!better) return no(`its ${said(metric, own)} does not beat ${name} (${theirs.toFixed(4)})`);
  }
  const beaten = rivals.map(({ name, values }) => `${name} (${values[metric]?.toFixed(4) ?? "–"})`).join(", ");
  return { promote: true, reason: `its ${said(metric, own)} beats ${beaten}` };
}

function decideEffects({ metrics, champion }: Manifest): Verdict {
  const own = metrics.model.qini;
  if (own === undefined) return no("it has no Qini coefficient");
  const baselines = Object.entries(metrics.baselines);
  for (const [name, { qini: theirs, qini_lead_low: lead }] of baselines) {
    if (lead === undefined || lead <= 0) {
      return no(`its ${said("Qini", own)} does not beat ${name.replaceAll("_", " ")} (${shown(theirs)}) beyond chance`);
    }
  }
  const rival = champion?.metrics.qini;
  if (champion !== null && (rival === undefined || own <= rival)) {
    return no(`its ${said("Qini", own)} does not beat the champion ${champion.version} (${shown(rival)})`);
  }
  const beaten = baselines.map(([name, { qini }]) => `${name.replaceAll("_", " ")} (${shown(qini)})`).join(", ");
  return { promote: true, reason: `its ${said("Qini", own)} beats ${beaten} beyond chance` };
}

function shown(value: number | undefined): string {
  return value?.toFixed(4) ?? "–";
}

function judgedBy(manifest: Manifest): string {
  if (manifest.name === "personalisation") return "log_loss";
  return manifest.metrics.model.confirmed_average_precision === undefined
    ? "average_precision"
    : "confirmed_average_precision";
}

function said(metric: string, value: number): string {
  return `${metric.replaceAll("_", " ")} of ${value.toFixed(4)}`;
}

function no(reason: string): Verdict {
  return { promote: false, reason };
}
