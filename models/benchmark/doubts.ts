/** What a task can be scored in spite of, and whoever reads the figures should know. */
import { numbersOf } from "./columns.ts";
import type { Part, Task, TaskManifest } from "./read-task.ts";

export function doubtsOf({ manifest, train, test }: Task): string[] {
  return [
    ...unusedFeatures(manifest),
    ...[train, test].flatMap((part) => unreadable(manifest, part)),
    ...(manifest.kind === "binary" || manifest.kind === "uplift" ? oneClass(manifest, train) : []),
  ];
}

function unusedFeatures({ features, columns }: TaskManifest): string[] {
  const known = new Set(columns.map(({ name }) => name));
  return (features ?? [])
    .filter((name) => !known.has(name))
    .map((name) => `the feature ${name} is none of the columns, and is left out`);
}

function unreadable({ columns, label, treatment }: TaskManifest, { file, columns: read }: Part): string[] {
  return columns.flatMap(({ name, type }) => {
    if (type !== "numeric" || name === label || name === treatment) return [];
    const cells = read.get(name);
    if (cells?.kind !== "numbers" || cells.unreadable === 0) return [];
    const { unreadable, example } = cells;
    return [
      `${file}: ${name} is no number in ${unreadable} of its cells, as ${JSON.stringify(example)}; taken as missing`,
    ];
  });
}

function oneClass({ label }: TaskManifest, part: Part): string[] {
  if (label === null || label === undefined || !part.columns.has(label)) return [];
  const values = new Set(numbersOf(part, label));
  if (values.size !== 1) return [];
  return [
    `${part.file}: ${label} is ${[...values][0]} in every row: there is nothing to learn, all rows get one score`,
  ];
}
