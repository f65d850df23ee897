/** An audit as a table for a person: what was looked at, and the first of what does not add up. */
import type { AuditedAccounts } from "./audit.ts";

/** More would fill the screen; the rest is counted. */
const shownMax = 20;

export function report(results: readonly AuditedAccounts[]): string {
  const lines = table(
    ["account", "figures", "checked", "differing"],
    results.map((result) => [
      result.name,
      result.figures.join(", "),
      String(result.accounts),
      result.differing === 0 ? "none" : String(result.differing),
    ]),
  );
  const checked = results.reduce((sum, result) => sum + result.accounts, 0);
  const differing = results.reduce((sum, result) => sum + result.differing, 0);
  if (differing > 0) {
    const rows = results.flatMap((result) =>
      result.differences.flatMap((found) =>
        result.figures.flatMap((figure, at) =>
          found.expected[at] === found.actual[at]
            ? []
            : [[result.name, found.projectId, found.account, figure, found.expected[at] ?? "", found.actual[at] ?? ""]],
        ),
      ),
    );
    lines.push("", ...table(["differs", "project", "id", "figure", "recomputed", "stored"], rows.slice(0, shownMax)));
    if (differing > shownMax) lines.push(`${differing} accounts differ in all; these are the first.`);
  }
  const verdict = differing === 0 ? "everything adds up" : `${differing} do not add up`;
  return `${[...lines, "", `${checked} accounts recomputed: ${verdict}.`].join("\n")}\n`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((cell, at) => Math.max(cell.length, ...rows.map((row) => (row[at] ?? "").length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join("  ")
      .trimEnd();
  return [line(head), widths.map((width) => "─".repeat(width)).join("  "), ...rows.map(line)];
}
