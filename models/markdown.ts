/** Tables of documents that commands write: their cells are padded, as the formatter of the documents wants them. */

export type Column = string | { readonly title: string; readonly align: "right" };

/** @param rows of cells in the order of the columns; a missing cell is empty, what would end one is escaped. */
export function markdownTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const isRight = (at: number) => typeof columns[at] === "object";
  const titles = columns.map((column) => (typeof column === "string" ? column : column.title));
  const texts = [titles, ...rows].map((row) => columns.map((_, at) => escaped(row[at] ?? "")));
  const widths = columns.map((_, at) => Math.max(3, ...texts.map((row) => row[at]?.length ?? 0)));
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = line(widths.map((width, at) => (isRight(at) ? `${"-".repeat(width - 1)}:` : "-".repeat(width))));
  const [head, ...body] = texts.map((row) =>
    line(
      row.map((text, at) => (isRight(at) ? text.padStart(widths[at] as number) : text.padEnd(widths[at] as number))),
    ),
  );
  return [head, rule, ...body].join("\n");
}

function escaped(cell: string): string {
  return cell.replaceAll("|", "\\|").replaceAll(/\s+/g, " ");
}
