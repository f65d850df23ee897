import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { featureTable, labelsOf, momentOf } from "../../../../models/benchmark/columns.ts";
import { findTasks, readTask, TaskError } from "../../../../models/benchmark/read-task.ts";
import { compare, printTask } from "../../../../models/benchmark/report.ts";
import { scoreTask } from "../../../../models/benchmark/score-task.ts";
import { loadRuntime, type Runtime } from "../../../../models/runtime.ts";
import { seeded } from "../../../../models/training/random.ts";

let root: string;
let runtime: Runtime;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "benchmark-"));
  runtime = await loadRuntime();
});
afterAll(() => rm(root, { recursive: true }));

const columns = [
  { name: "who", type: "id" },
  { name: "at", type: "timestamp" },
  { name: "x", type: "numeric" },
  { name: "c", type: "categorical" },
  { name: "w", type: "numeric" },
  { name: "y", type: "numeric" },
];

async function writeTask(name: string, change: object, train: string[], test: string[]): Promise<string> {
  const folder = join(root, name);
  await mkdir(folder, { recursive: true });
  const manifest = {
    name,
    kind: "binary",
    label: "y",
    group: null,
    time: null,
    treatment: null,
    columns,
    features: ["x", "c"],
    metrics: ["auc", "harmony"],
    main_metric: "auc",
    ...change,
  };
  await writeFile(join(folder, "task.json"), JSON.stringify(manifest));
  const header = columns.map((column) => column.name).join(",");
  for (const [part, rows] of [
    ["train", train],
    ["test", test],
  ] as const) {
    await writeFile(join(folder, `${part}.csv.gz`), gzipSync([header, ...rows, ""].join("\r\n")));
  }
  return folder;
}

/** The label follows `signal`; ids and moments give it away outright. */
function rowsOf(count: number, seed: number, signal: boolean): string[] {
  const random = seeded(seed);
  return Array.from({ length: count }, (_, row) => {
    const y = random() < 0.5 ? 1 : 0;
    const x = signal ? y + random() : random();
    const w = random() < 0.5 ? 1 : 0;
    return `${y === 1 ? "guilty" : "honest"}${row},202${y}-01-01,${row % 9 === 0 ? "" : x},"a ""b"", ${row % 3}",${w},${y}`;
  });
}

const say = () => undefined;

describe("a task folder", () => {
  it("is read as it stands: quotes, empty cells, order", async () => {
    const folder = await writeTask("read", {}, rowsOf(9, 1, true), [
      'z,2020-01-01,,"q, ""r""",0,1',
      "z,2020-01-01,2.5,,1,0",
    ]);
    const { manifest, test } = await readTask(folder);
    const [x, c] = featureTable(manifest, test).columns;
    expect(x?.values).toEqual(Float64Array.of(Number.NaN, 2.5));
    expect(c?.values).toEqual(['q, "r"', null]);
    expect(labelsOf(test, "y", "label")).toEqual(Float64Array.of(1, 0));
  });

  it("gives features alone, even where the manifest lists ids, moments, the label or the treatment among them", async () => {
    const all = { features: columns.map((column) => column.name), kind: "uplift", treatment: "w" };
    const { manifest, train } = await readTask(await writeTask("leaky", all, rowsOf(5, 1, true), rowsOf(5, 2, true)));
    expect(featureTable(manifest, train).columns.map((column) => column.name)).toEqual(["x", "c"]);
  });

  it("without a label in the test part, or with a broken manifest, is an error that names it", async () => {
    const folder = await writeTask("blind", { label: "z" }, rowsOf(9, 1, true), rowsOf(9, 2, true));
    await expect(scoreTask(runtime, await readTask(folder), { seed: 1, say })).rejects.toThrow(/no label column z/);
    const broken = join(root, "broken");
    await mkdir(broken);
    await writeFile(join(broken, "task.json"), "{");
    await expect(readTask(broken)).rejects.toThrow(TaskError);
    const strange = await writeTask("strange", { kind: "poetry" }, rowsOf(9, 1, true), rowsOf(9, 2, true));
    await expect(scoreTask(runtime, await readTask(strange), { seed: 1, say })).rejects.toThrow(/poetry/);
  });

  it.each([
    ["a column that only the test part lacks", {}, (rows: string[]) => rows, "test.csv.gz has no column extra"],
    ["no rows to learn from", {}, () => [], "train.csv.gz has no rows"],
    [
      "a label that is text",
      {},
      (rows: string[]) => [...rows, "a,2020-01-01,1,c,0,maybe"],
      /the label y of row 10 of train/,
    ],
    [
      "one arm only",
      { kind: "uplift", treatment: "w" },
      (rows: string[]) => rows.map((row) => row.replace(/,\d,(\d)$/, ",1,$1")),
      "treated",
    ],
    ["one row for an anomaly detector", { kind: "anomaly" }, (rows: string[]) => rows.slice(0, 1), "two rows"],
  ])("with %s is refused with the reason and no stack", async (what, change, trained, reason) => {
    const folder = await writeTask(`refused ${what}`, change, trained(rowsOf(9, 1, true)), rowsOf(9, 2, true));
    const task = await readTask(folder);
    if (what.startsWith("a column")) {
      task.manifest.columns.push({ name: "extra", type: "numeric" });
      task.manifest.features?.push("extra");
      const cells = task.train.columns.get("x");
      if (cells !== undefined) (task.train.columns as Map<string, typeof cells>).set("extra", cells);
    }
    const scored = scoreTask(runtime, task, { seed: 1, say });
    await expect(scored).rejects.toThrow(TaskError);
    await expect(scored).rejects.toThrow(reason);
  });

  it("says what it is scored in spite of: numbers that are none, features that are no columns, one class", async () => {
    const said: string[] = [];
    const rows = Array.from({ length: 12 }, (_, row) => `a,2020-01-01,${row === 3 ? "n/a" : row},c,0,1`);
    const folder = await writeTask("doubtful", { features: ["x", "c", "gone"] }, rows, rowsOf(9, 2, true));
    const result = await scoreTask(runtime, await readTask(folder), { seed: 1, say: (message) => said.push(message) });
    expect(result.metrics.auc).toBe(0.5);
    expect(said).toEqual(
      expect.arrayContaining([
        "the feature gone is none of the columns, and is left out",
        'train.csv.gz: x is no number in 1 of its cells, as "n/a"; taken as missing',
        "train.csv.gz: y is 1 in every row: there is nothing to learn, all rows get one score",
      ]),
    );
  });

  it("is scored even where what is told of its peers has another shape", async () => {
    const peers = {
      peers: { boosted: { auc: 0.7, setting: "as it comes" }, other: "unknown" },
      best_peer: { name: "boosted", metric: "auc", value: 0.7 },
      best_per_metric: { auc: { peer: "boosted" } },
    };
    const { manifest } = await readTask(await writeTask("peers", peers, rowsOf(9, 1, true), rowsOf(9, 2, true)));
    expect(manifest.best_peer?.value).toBe(0.7);
    const [auc] = compare(manifest, { name: "peers", metrics: { auc: 0.8 }, seconds: 1 });
    expect(auc).toMatchObject({ best: { value: 0.7 }, verdict: "ahead" });
  });

  it("takes moments without a zone as UTC, wherever the machine stands", () => {
    const before = process.env.TZ;
    process.env.TZ = "Asia/Tokyo";
    try {
      const noon = Date.UTC(2024, 4, 1, 12);
      const written = ["2024-05-01 12:00:00", "2024-05-01T12:00", "2024-05-01T12:00:00Z", "2024-05-01T14:00:00+02:00"];
      expect(written.map(momentOf)).toEqual(written.map(() => noon));
      expect(momentOf("2024-05-01")).toBe(Date.UTC(2024, 4, 1));
    } finally {
      if (before === undefined) delete process.env.TZ;
      else process.env.TZ = before;
    }
  });

  it("is found below a folder that holds several", async () => {
    const parent = join("several", "deeper");
    await writeTask(join(parent, "two"), {}, [], []);
    await writeTask(join(parent, "one"), {}, [], []);
    const found = await findTasks(join(root, "several"));
    expect(found).toEqual(["one", "two"].map((name) => join(root, parent, name)));
  });
});

describe("a scored task", () => {
  it("cannot profit from ids and moments that give the label away", async () => {
    const folder = await writeTask("noise", { group: "who", time: "at" }, rowsOf(200, 3, false), rowsOf(300, 4, false));
    const { metrics } = await scoreTask(runtime, await readTask(folder), { seed: 1, say });
    expect(metrics.auc).toBeGreaterThan(0.38);
    expect(metrics.auc).toBeLessThan(0.62);
  }, 60_000);

  it("learns from features, says null for a metric it does not know, and lies beside the peers", async () => {
    const said: string[] = [];
    const peers = { peers: { rule: { auc: 0.6 }, none: { auc: 0.5 } } };
    const folder = await writeTask("signal", peers, rowsOf(200, 5, true), rowsOf(200, 6, true));
    const task = await readTask(folder);
    const result = await scoreTask(runtime, task, { seed: 1, say: (message) => said.push(message) });
    expect(result.name).toBe("signal");
    expect(result.metrics.auc).toBeGreaterThan(0.9);
    expect(result.metrics.harmony).toBeNull();
    expect(said.join()).toContain("harmony");
    expect(compare(task.manifest, result)[0]).toMatchObject({ best: { peer: "rule", value: 0.6 }, verdict: "ahead" });
    expect(printTask({ manifest: task.manifest, result })).toContain("ahead");
  }, 60_000);

  it("of purchases knows its horizon by its last day, and refuses targets that cannot be read", async () => {
    const change = {
      kind: "repeat_purchase",
      label: "y",
      time: "at",
      metrics: ["mae"],
      calibration: { to: "2024-06-30" },
    };
    const log = (from: string) =>
      Array.from({ length: 60 }, (_, row) => `c${row % 20},${from}-${10 + (row % 17)} 23:30:00,5,,0,0`);
    const folder = await writeTask(
      "purchases",
      { ...change, holdout: { to: "2024-09-30" } },
      log("2024-03"),
      log("2024-08"),
    );
    const { metrics } = await scoreTask(runtime, await readTask(folder), { seed: 1, say });
    expect(metrics.mae).toBeGreaterThan(0);
    // An order's id before the customer's: 20 customers, not 60.
    const orders = [{ name: "order", type: "id" }, ...columns];
    const manifest = JSON.parse(await readFile(join(folder, "task.json"), "utf8"));
    await writeFile(join(folder, "task.json"), JSON.stringify({ ...manifest, columns: orders, group: "who" }));
    const numbered = (lines: string[]) =>
      [`order,${columns.map(({ name }) => name)}`, ...lines.map((line, row) => `o${row},${line}`), ""].join("\r\n");
    await writeFile(join(folder, "train.csv.gz"), gzipSync(numbered(log("2024-03"))));
    await writeFile(join(folder, "test.csv.gz"), gzipSync(numbered(log("2024-08"))));
    expect((await scoreTask(runtime, await readTask(folder), { seed: 1, say })).metrics.mae).toBe(metrics.mae);
    await writeFile(join(folder, "targets.csv.gz"), "not packed");
    await expect(scoreTask(runtime, await readTask(folder), { seed: 1, say })).rejects.toThrow(/targets/);
  });

  it("of a ranking takes graded gains", async () => {
    const graded = (seed: number) =>
      rowsOf(150, seed, true).map((row, index) =>
        row.replace(/^\w+,/, `list${index % 10},`).replace(/1$/, String(1 + (index % 2))),
      );
    const change = { kind: "ranking", group: "who", metrics: ["ndcg@5 per who"], main_metric: "ndcg@5 per who" };
    const folder = await writeTask("graded", change, graded(7), graded(8));
    const { metrics } = await scoreTask(runtime, await readTask(folder), { seed: 1, say });
    expect(metrics["ndcg@5 per who"]).toBeGreaterThan(0.6);
  }, 60_000);
});
