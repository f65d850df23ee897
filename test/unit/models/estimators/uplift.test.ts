import { describe, expect, it } from "vitest";
import { measure } from "../../../../models/benchmark/named-metrics.ts";
import { rowOf, type Table } from "../../../../models/estimators/table.ts";
import { loadUplift } from "../../../../models/estimators/uplift/effects.ts";
import { fitUplift } from "../../../../models/estimators/uplift/fit.ts";
import { weighEffects } from "../../../../models/estimators/uplift/weigh.ts";
import { loadRuntime } from "../../../../models/runtime.ts";
import { seeded } from "../../../../models/training/random.ts";

/** The treatment adds 0.4 where `likes` is above a half, and nothing elsewhere. */
function trial(rows: number, seed: number) {
  const random = seeded(seed);
  const likes = Float64Array.from({ length: rows }, random);
  const other = Float64Array.from({ length: rows }, random);
  const treated = Float64Array.from({ length: rows }, () => (random() < 0.4 ? 1 : 0));
  const labels = Float64Array.from({ length: rows }, (_, row) => {
    const effect = treated[row] === 1 && (likes[row] ?? 0) > 0.5 ? 0.4 : 0;
    return random() < 0.1 + 0.3 * (other[row] ?? 0) + effect ? 1 : 0;
  });
  const table: Table = {
    rows,
    columns: [
      { name: "likes", kind: "numeric", values: likes },
      { name: "other", kind: "numeric", values: other },
      { name: "shop", kind: "categorical", values: Array.from(likes, (_, row) => (row % 2 === 0 ? "a" : null)) },
    ],
  };
  return { table, treated, labels, likes };
}

describe("the effect of a treatment", () => {
  const known = trial(2000, 1);
  const later = trial(1000, 2);
  const fitted = loadRuntime().then((runtime) =>
    fitUplift(runtime, known.table, known.labels, known.treated, { seed: 1 }),
  );

  it("is found where it is, and about as large", async () => {
    const effects = (await fitted).predict(later.table);
    const mean = (moved: boolean) => {
      const rows = [...effects.keys()].filter((row) => (later.likes[row] ?? 0) > 0.5 === moved);
      return rows.reduce((sum, row) => sum + (effects[row] ?? 0), 0) / rows.length;
    };
    expect(mean(true)).toBeGreaterThan(0.25);
    expect(mean(true)).toBeLessThan(0.5);
    expect(Math.abs(mean(false))).toBeLessThan(0.12);
    expect(measure("qini", { actual: later.labels, scores: effects, treated: later.treated })).toBeGreaterThan(0.1);
  }, 60_000);

  it("is the same for a row as for a table, and after its files were read back", async () => {
    const model = await fitted;
    const again = loadUplift(model.toFiles());
    expect(again.predict(later.table)).toEqual(model.predict(later.table));
    expect(again.predictRow(rowOf(later.table, 5))).toBe(model.predict(later.table)[5]);
    expect(again.report).toEqual(model.report);
    expect(again.toFiles()).toEqual(model.toFiles());
  }, 60_000);

  it("is refused without both arms", async () => {
    const runtime = await loadRuntime();
    const all = new Float64Array(known.table.rows).fill(1);
    await expect(fitUplift(runtime, known.table, known.labels, all, { seed: 1 })).rejects.toThrow(/rows that were not/);
  });

  it("is weighed by what it explains: noise gets less than the truth, and never less than nothing", () => {
    const random = seeded(9);
    const rows = 4000;
    const truth = Float64Array.from({ length: rows }, () => random() - 0.5);
    const noise = Float64Array.from({ length: rows }, () => random() - 0.5);
    const sign = Float64Array.from({ length: rows }, () => (random() < 0.5 ? 0.5 : -0.5));
    const residual = truth.map((effect, row) => effect * (sign[row] ?? 0) + 0.1 * (random() - 0.5));
    const { weights, gains } = weighEffects([truth, noise], { residual, sign });
    expect(weights[0]).toBeGreaterThan(2 * (weights[1] ?? 1));
    expect(weights[1]).toBeGreaterThanOrEqual(0);
    expect(gains[0]).toBeGreaterThan(gains[1] ?? 1);
  });
});
