/** The figures of a simulation as Markdown tables: on a terminal they read as well. */
import type { Detection, Measurement } from "./measure.ts";

const columns: readonly (readonly [string, (one: Detection) => string])[] = [
  ["episodes", ({ episodes }) => String(episodes)],
  ["found", ({ episodesFound, episodes }) => share(episodesFound, episodes)],
  ["found in the request", ({ episodesFoundAtOnce, episodes }) => share(episodesFoundAtOnce, episodes)],
  ["redemptions", ({ redeemed }) => String(redeemed)],
  ["flagged in the request", ({ flaggedAtOnce, redeemed }) => share(flaggedAtOnce, redeemed)],
  ["flagged in the end", ({ flagged, redeemed }) => share(flagged, redeemed)],
  ["guesses braked", ({ braked }) => String(braked)],
  ["unflagged before the first flag", ({ missedBefore }) => number(missedBefore)],
  ["minutes to detection", ({ minutesToDetection }) => number(minutesToDetection)],
  ["discount taken", ({ discountAmount }) => euros(discountAmount)],
  ["of it flagged", ({ flaggedAmount, discountAmount }) => share(flaggedAmount, discountAmount)],
];

export function describe(measured: Measurement): string {
  const { attacks, honest, fraudShare } = measured;
  const rows = [...attacks].map(([name, one]) => [name.replaceAll("_", " "), ...columns.map(([, cell]) => cell(one))]);
  const tenThousand = (count: number, of: number) => (of === 0 ? "–" : ((10_000 * count) / of).toFixed(0));
  return [
    table(["pattern", ...columns.map(([title]) => title)], rows),
    "",
    table(
      ["honest", "count", "flagged in the request, per 10,000", "flagged in the end, per 10,000"],
      [
        [
          "redemptions",
          String(honest.redeemed),
          tenThousand(honest.flaggedAtOnce, honest.redeemed),
          tenThousand(honest.flagged, honest.redeemed),
        ],
        ["rejections", String(honest.rejected), "", tenThousand(honest.rejectedFlagged, honest.rejected)],
      ],
    ),
    "",
    `Of all checkouts with a code, ${(100 * fraudShare).toFixed(1)} % were fraudulent.`,
  ].join("\n");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(3, ...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${widths.map((width, column) => (row[column] ?? "").padEnd(width)).join(" | ")} |`;
  return [line(head), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...rows.map(line)].join("\n");
}

function share(part: number, whole: number): string {
  return whole === 0 ? "–" : `${Math.round((100 * part) / whole)} %`;
}

function number(value: number | null): string {
  return value === null ? "–" : String(Math.round(value));
}

function euros(minor: number): string {
  return (minor / 100).toFixed(2);
}
