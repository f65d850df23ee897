/** Our figures beside the peers' of a task's manifest. */
import { type Column, markdownTable } from "../markdown.ts";
import { goodness } from "./named-metrics.ts";
import type { TaskManifest } from "./read-task.ts";

export interface TaskResult {
  readonly name: string;
  readonly metrics: Readonly<Record<string, number | null>>;
  readonly seconds: number;
}

type Verdict = "ahead" | "level" | "behind";

export interface Comparison {
  readonly metric: string;
  readonly ours: number | null;
  readonly best: { readonly peer: string; readonly value: number; readonly se: number | undefined } | undefined;
  /** A lead or lag of less than two standard errors of the best peer is none. */
  readonly verdict: Verdict | undefined;
}

/** What the task asks for, the main metric first, and whatever else its peers were measured by. */
export function metricsOf(manifest: TaskManifest): string[] {
  const asked = [manifest.main_metric ?? [], manifest.metrics ?? []].flat();
  const ofPeers = Object.values(manifest.peers ?? {}).flatMap((figures) => Object.keys(figures));
  return [...new Set([...asked, ...ofPeers])];
}

export function compare(manifest: TaskManifest, { metrics }: TaskResult): Comparison[] {
  return Object.entries(metrics).map(([metric, ours]) => {
    const best = bestPeer(manifest, metric);
    return { metric, ours, best, verdict: ours === null || best === undefined ? undefined : judge(metric, ours, best) };
  });
}

function judge(
  metric: string,
  ours: number,
  best: { readonly value: number; readonly se: number | undefined },
): Verdict {
  const lead = goodness(metric, ours) - goodness(metric, best.value);
  // Without a standard error half a per cent stands in for one.
  const margin = 2 * (best.se ?? Math.abs(best.value) * 0.005);
  if (Math.abs(lead) <= margin) return "level";
  return lead > 0 ? "ahead" : "behind";
}

function bestPeer(manifest: TaskManifest, metric: string): Comparison["best"] {
  const measured = Object.entries(manifest.peers ?? {}).flatMap(([peer, figures]) => {
    const value = figures[metric];
    return value === null || value === undefined ? [] : [{ peer, value }];
  });
  const [first] = measured.sort((a, b) => goodness(metric, b.value) - goodness(metric, a.value));
  const main = manifest.best_peer?.metric === metric ? manifest.best_peer : undefined;
  const named = manifest.best_per_metric?.[metric];
  const se = main === undefined ? (named?.se ?? undefined) : (main.se_cluster ?? main.se ?? undefined);
  if (main !== undefined) return { peer: main.name, value: main.value, se };
  if (named !== undefined) return { peer: named.peer, value: named.value, se };
  return first === undefined ? undefined : { ...first, se };
}

export interface Reported {
  readonly manifest: TaskManifest;
  readonly result: TaskResult;
}

/** One block per task: a line per metric, and every peer's figure. */
export function printTask({ manifest, result }: Reported): string {
  const rows = compare(manifest, result);
  const head = `${manifest.name} (${manifest.kind}, ${result.seconds.toFixed(1)} s)`;
  const lines = rows.map(({ metric, ours, best, verdict }) => {
    const peer = best === undefined ? "no peer" : `best peer ${figure(best.value)}${spread(best.se)} ${best.peer}`;
    return `  ${metric.padEnd(22)} ${figure(ours).padStart(8)}  ${(verdict ?? "").padEnd(7)} ${peer}`;
  });
  const peers = Object.entries(manifest.peers ?? {}).map(
    ([peer, figures]) =>
      `    ${rows.map(({ metric }) => figure(figures[metric] ?? null).padStart(8)).join(" ")}  ${peer}`,
  );
  if (peers.length > 0) lines.push(`  peers, by ${rows.map(({ metric }) => metric).join(", ")}:`, ...peers);
  return [head, ...lines, ""].join("\n");
}

const columns: readonly Column[] = [
  "task",
  "metric",
  { title: "ours", align: "right" },
  { title: "best peer ± se", align: "right" },
  "which",
  "verdict",
  { title: "seconds", align: "right" },
];

/** A Markdown table, a line per task and metric. */
export function reportTable(reported: readonly Reported[]): string {
  const rows = reported.flatMap(({ manifest, result }) =>
    compare(manifest, result).map(({ metric, ours, best, verdict }, index) => [
      index === 0 ? manifest.name : "",
      metric,
      figure(ours),
      best === undefined ? "" : `${figure(best.value)}${spread(best.se)}`,
      best?.peer ?? "",
      verdict ?? "",
      index === 0 ? result.seconds.toFixed(0) : "",
    ]),
  );
  return markdownTable(columns, rows);
}

export function summary(reported: readonly Reported[]): string {
  const verdicts = reported.flatMap(({ manifest, result }) => {
    const [main] = compare(manifest, result);
    return main?.verdict === undefined ? [] : [main.verdict];
  });
  const count = (verdict: Verdict) => verdicts.filter((each) => each === verdict).length;
  return `main metric: ahead ${count("ahead")}, level ${count("level")}, behind ${count("behind")} of ${verdicts.length}`;
}

function figure(value: number | null): string {
  return value === null ? "–" : value.toFixed(4);
}

function spread(se: number | undefined): string {
  return se === undefined ? "" : ` ± ${se.toFixed(3)}`;
}
