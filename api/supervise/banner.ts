/** What a person sees in the terminal. Progress and the table of addresses; everything else is in the log file. */

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

export function complain(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** @returns the rows with their first column aligned, indented by two. */
export function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `  ${name.padEnd(width)}   ${text}`).join("\n");
}
