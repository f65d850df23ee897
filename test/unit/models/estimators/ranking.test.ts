import { describe, expect, it } from "vitest";
import { fitRanking, stepsOf } from "../../../../models/estimators/ranking/fit.ts";
import { loadRanking } from "../../../../models/estimators/ranking/ranker.ts";
import { rowOf } from "../../../../models/estimators/table.ts";
import { loadRuntime } from "../../../../models/runtime.ts";
import { seeded } from "../../../../models/training/random.ts";

describe("a ranking", () => {
  it("puts rows of higher gain first, and does so after its files were read back", async () => {
    const random = seeded(4);
    const likes = Float64Array.from({ length: 200 }, random);
    const gains = likes.map((value) => (value + 0.2 * random() > 0.8 ? 3 : value > 0.4 ? 1 : 0));
    const table = { rows: 200, columns: [{ name: "likes", kind: "numeric" as const, values: likes }] };
    const model = await fitRanking(await loadRuntime(), table, gains, { seed: 1 });
    const [low = 0, middle = 0, high = 0] = [0.1, 0.6, 0.95].map((value) => model.scoreRow([value]));
    expect(low).toBeLessThan(middle);
    expect(middle).toBeLessThan(high);
    const again = loadRanking(model.toFiles());
    expect(again.score(table)).toEqual(model.score(table));
    expect(again.scoreRow(rowOf(table, 9))).toBeCloseTo(model.score(table)[9] ?? Number.NaN, 12);
    expect(again.columns).toEqual([{ name: "likes", kind: "numeric" }]);
  }, 60_000);

  it("has a step per grade, worth what the grade adds", () => {
    expect(stepsOf(Float64Array.of(0, 1, 3, 3, 0))).toEqual([
      { from: 1, gain: 1 },
      { from: 3, gain: 2 },
    ]);
    expect(stepsOf(Float64Array.of(0, 1, 0))).toEqual([{ from: 1, gain: 1 }]);
    expect(stepsOf(Float64Array.from({ length: 100 }, (_, at) => at)).length).toBe(4);
  });

  it("refuses a gain below zero", async () => {
    const table = { rows: 1, columns: [{ name: "a", kind: "numeric" as const, values: Float64Array.of(1) }] };
    await expect(fitRanking(await loadRuntime(), table, [-1], { seed: 1 })).rejects.toThrow(/0 or more/);
  });
});
