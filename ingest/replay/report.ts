/** The figures of a replay as text. */
import type { Tally } from "./checkpoint.ts";

/** The smallest value that at least `share` of the values do not exceed; null without values. */
export function percentile(values: readonly number[], share: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
}

export function describeTally(tally: Tally): string {
  const refused = Object.values(tally.rejected).reduce((sum, count) => sum + count, 0);
  const attempts = tally.accepted + refused;
  const rate = (count: number) =>
    tally.seconds > 0 ? `${(count / tally.seconds).toFixed(count < 10 * tally.seconds ? 1 : 0)}/s` : "–";
  const latency = [0.5, 0.9, 0.99].map((share) => {
    const value = percentile(tally.redemptionMs, share);
    return `p${share * 100} ${value === null ? "–" : `${value.toFixed(1)} ms`}`;
  });
  const busySeconds = tally.redemptionMs.reduce((sum, ms) => sum + ms, 0) / 1000;
  const lines: [string, string][] = [
    ["publications", `${tally.publications} (one stand-in coupon for each household and campaign)`],
    ["orders", `${tally.orders}, ${rate(tally.orders)}`],
    ["  of which", `${tally.ordersCompleted} completed by assumed lines, ${tally.ordersAssumed} assumed whole`],
    ["redemptions", `${attempts}, ${rate(attempts)} among the orders`],
    ["  accepted", String(tally.accepted)],
    ["  rejected", String(refused)],
    ...Object.entries(tally.rejected)
      .sort(([, a], [, b]) => b - a)
      .map(([key, count]): [string, string] => [`    ${key}`, String(count)]),
    ["  latency", `${latency.join(", ")} (with connection and JSON, ${tally.redemptionMs.length} measured)`],
    [
      "  one after another",
      busySeconds > 0 ? `${(tally.redemptionMs.length / busySeconds).toFixed(0)}/s for one caller` : "–",
    ],
    ["discount given", `$${(tally.discountAmount / 100).toFixed(2)} (coupon values are assumed)`],
    ["flagged as risky", String(tally.flagged)],
    ["time for the days", `${tally.seconds.toFixed(1)} s`],
  ];
  const width = Math.max(...lines.map(([label]) => label.length));
  return `${lines.map(([label, text]) => `${label.padEnd(width)}  ${text}`).join("\n")}\n`;
}
