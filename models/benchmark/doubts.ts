/** What a task can be scored in spite of, and whoever reads the figures should know. */
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

function unreadable({ columns, label, treatment }: TaskManifest, { file, cells }: Part): string[] {
  return columns.flatMap(({ name, type }) => {
    if (type !== "numeric" || name === label || name === treatment) return [];
    const bad = (cells.get(name) ?? []).filter((cell) => cell.trim() !== "" && Number.isNaN(Number(cell)));
    if (bad.length === 0) return [];
    return [
      `${file}: ${name} is no number in ${bad.length} of its cells, as ${JSON.stringify(bad[0])}; taken as missing`,
    ];
  });
}

function oneClass({ label }: TaskManifest, { file, cells }: Part): string[] {
  const values = new Set(cells.get(label ?? "")?.map(Number));
  if (values.size !== 1) return [];
  return [`${file}: ${label} is ${[...values][0]} in every row: there is nothing to learn, all rows get one score`];
}
