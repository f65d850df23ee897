import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { fitAnomaly } from "../../../../models/estimators/anomaly/fit.ts";
import { loadAnomaly } from "../../../../models/estimators/anomaly/load.ts";
import type { AnomalyModel } from "../../../../models/estimators/anomaly/model.ts";
import { type Column, type Row, rowOf, type Table } from "../../../../models/estimators/table.ts";
import type { Runtime } from "../../../../models/runtime.ts";
import { areaUnderRoc } from "../../../../models/training/metrics.ts";
import { seeded } from "../../../../models/training/random.ts";

/** These detectors do not use it. */
const runtime = {} as Runtime;

const numeric = (name: string, values: readonly number[]): Column => ({
  name,
  kind: "numeric",
  values: Float64Array.from(values),
});

interface Planted {
  readonly table: Table;
  readonly strange: number[];
}

/** Two groups of ordinary rows over related numbers; the last `strangers` rows are made by `odd`. */
function plant(rows: number, strangers: number, seed: number, odd: (random: () => number) => number[]): Planted {
  const random = seeded(seed);
  const near = (centre: number) => centre + (random() + random() + random() - 1.5);
  const all = Array.from({ length: rows }, (_, row) => {
    if (row >= rows - strangers) return odd(random);
    const centre = row % 2 === 0 ? 0 : 8;
    const size = near(centre);
    return [size, size + near(0) / 3, near(centre / 2), near(0), near(20)];
  });
  return {
    table: {
      rows,
      columns: [0, 1, 2, 3, 4].map((j) =>
        numeric(
          `x${j}`,
          all.map((row) => row[j] ?? 0),
        ),
      ),
    },
    strange: all.map((_, row) => Number(row >= rows - strangers)),
  };
}

const oddities: readonly { readonly name: string; readonly odd: (random: () => number) => number[] }[] = [
  { name: "far away", odd: (random) => [30 * random() - 15, 25, -9, 6 * random(), 26] },
  { name: "between two groups", odd: (random) => [4 + random(), 4 + random(), 2, random(), 20] },
  { name: "in a tight group of their own", odd: (random) => [-6 + random() / 9, 3, 9 + random() / 9, 0, 20] },
  {
    name: "in how two numbers belong together",
    odd: (random) => [8 + random(), random(), 4 * random(), 2 * random() - 1, 20 + random()],
  },
];

const learn = (table: Table, seed = 1): Promise<AnomalyModel> => fitAnomaly(runtime, table, { seed });

const hashes = (model: AnomalyModel) =>
  Object.entries(model.toFiles()).map(([name, bytes]) => [name, createHash("sha256").update(bytes).digest("hex")]);

describe("an anomaly model", () => {
  it.each(oddities)("finds rows that are strange $name, in rows it has not seen", async ({ odd }) => {
    const model = await learn(plant(600, 9, 1, odd).table);
    const later = plant(300, 9, 2, odd);
    expect(areaUnderRoc([...model.score(later.table)], later.strange)).toBeGreaterThan(0.97);
  });

  it("scores a row as it scores the table, and puts it among the training rows", async () => {
    const { table } = plant(300, 6, 3, () => [40, -40, 0, 0, 0]);
    const model = await learn(table);
    const scores = model.score(table);
    expect([0, 17, 299].map((row) => model.scoreRow(rowOf(table, row)))).toEqual([scores[0], scores[17], scores[299]]);
    const places = [...scores].sort((a, b) => a - b).map((score) => model.percentile(score));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places.every((place) => place >= 0 && place <= 1)).toBe(true);
    expect(model.percentile(model.scoreRow([400, -400, 99, 9, 9]))).toBe(1);
    expect(model.percentile(Number.NEGATIVE_INFINITY)).toBe(0);
  });

  it("blames the feature that is strange, the same at each asking", async () => {
    const { table } = plant(500, 1, 4, () => [0, 0, 0, 0, 20]);
    const model = await learn(table);
    for (let feature = 0; feature < 5; feature += 1) {
      const row: (number | string | null)[] = [0, 0, 0, 0, 20];
      row[feature] = 60;
      const shares = model.contributions(row);
      expect(shares.indexOf(Math.max(...shares))).toBe(feature);
      expect(shares[feature]).toBeGreaterThan(0.5);
      expect(shares.every((share) => share >= 0)).toBe(true);
      expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
      expect(model.contributions(row)).toEqual(shares);
      // Whatever was asked in between.
      model.scoreRow([1, 2, 3, 4, 5]);
      expect(model.explainRow(row)).toEqual({ score: model.scoreRow(row), contributions: shares });
    }
  });

  it("takes categories, missing values, constant columns and values never seen", async () => {
    const random = seeded(6);
    const rows = 400;
    const table: Table = {
      rows,
      columns: [
        numeric(
          "amount",
          Array.from({ length: rows }, () => (random() < 0.1 ? Number.NaN : 100 + random())),
        ),
        numeric(
          "constant",
          Array.from({ length: rows }, () => 7),
        ),
        numeric(
          "unknown",
          Array.from({ length: rows }, () => Number.NaN),
        ),
        {
          name: "country",
          kind: "categorical",
          values: Array.from({ length: rows }, () => (random() < 0.6 ? "DE" : random() < 0.9 ? "AT" : null)),
        },
      ],
    };
    const model = await learn(table);
    const usual: Row = [100.5, 7, null, "DE"];
    const strange: Row[] = [
      [100.5, 9, null, "DE"],
      [100.5, 7, null, "constructor"],
      [-400, 7, null, "AT"],
    ];
    for (const [index, row] of strange.entries()) {
      expect(model.scoreRow(row)).toBeGreaterThan(model.scoreRow(usual));
      const shares = model.contributions(row);
      expect(model.features[shares.indexOf(Math.max(...shares))]).toBe(["constant", "country", "amount"][index]);
    }
    const hopeless = [Number.POSITIVE_INFINITY, Number.NaN, 1e300, ""] as const;
    expect(Number.isFinite(model.scoreRow(hopeless))).toBe(true);
    expect([...model.contributions(hopeless)].every(Number.isFinite)).toBe(true);
  });

  it("is the same with the same seed, and comes back from its files to the last bit", async () => {
    const { table } = plant(350, 7, 8, () => [30, 30, 30, 30, 30]);
    const [model, twin, other] = [await learn(table, 5), await learn(table, 5), await learn(table, 6)];
    expect(hashes(twin)).toEqual(hashes(model));
    expect(hashes(other)).not.toEqual(hashes(model));
    const read = loadAnomaly(model.toFiles());
    expect(read.features).toEqual(model.features);
    expect(read.score(table)).toEqual(model.score(table));
    expect(read.contributions(rowOf(table, 349))).toEqual(model.contributions(rowOf(table, 349)));
    expect(read.percentile(0.3)).toBe(model.percentile(0.3));
    expect(hashes(read)).toEqual(hashes(model));
  });

  it("refuses files that are broken, and rows and tables of another shape", async () => {
    const { table } = plant(300, 3, 9, () => [30, 30, 30, 30, 30]);
    const model = await learn(table);
    const files = model.toFiles();
    const bytes = files["model.bin"] ?? new Uint8Array();
    expect(() => loadAnomaly({ ...files, "model.bin": bytes.subarray(4) })).toThrow("too short");
    expect(() => loadAnomaly({ ...files, "model.bin": Uint8Array.from([...bytes, 0]) })).toThrow("too long");
    expect(() => loadAnomaly({ ...files, "model.bin": bytes.map(() => 0xff) })).toThrow("does not fit");
    expect(() => loadAnomaly({ "model.bin": bytes })).toThrow("belong together");
    expect(() => model.scoreRow([1, 2])).toThrow("expected 5 values");
    expect(() => model.score({ rows: 1, columns: [numeric("x0", [1])] })).toThrow("no column");
    await expect(learn({ rows: 1, columns: [numeric("x0", [1])] })).rejects.toThrow("two rows");
  });

  it("works on tables as small as two rows and one column", async () => {
    for (const rows of [2, 3, 5, 9]) {
      const model = await learn({
        rows,
        columns: [
          numeric(
            "x",
            Array.from({ length: rows }, (_, row) => row),
          ),
        ],
      });
      expect(model.scoreRow([500])).toBeGreaterThan(model.scoreRow([0.5]));
    }
  });
});
