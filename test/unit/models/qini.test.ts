import { describe, expect, it } from "vitest";
import { compareRankings, effectOf } from "../../../models/training/qini.ts";
import { seeded } from "../../../models/training/random.ts";

/** Two rows a customer; every second customer orders for the treatment's sake, the others as they do anyway. */
function experiment(customers: number) {
  const random = seeded(3);
  return Array.from({ length: 2 * customers }, (_, row) => {
    const customer = row >> 1;
    const isPersuadable = customer % 2 === 0;
    const treated = random() < 0.7 ? 1 : 0;
    const label = random() < (isPersuadable && treated === 0 ? 0.05 : 0.4) ? 1 : 0;
    return { label, treated, customer: `customer-${customer}`, isPersuadable };
  });
}

describe("how well effects order customers", () => {
  const rows = experiment(1000);
  const known = rows.map(({ isPersuadable }) => (isPersuadable ? 0.35 : 0));
  const noise = seeded(9);
  const guessed = rows.map(() => noise());
  const none = { name: "no_model", scores: rows.map(() => 0) };

  it("is surely better than no model where effects are known, and not where they are guessed", () => {
    const { model, rivals } = compareRankings(rows, known, [none, { name: "guessed", scores: guessed }], 7);
    expect(rivals.no_model?.qini).toBe(0);
    expect(rivals.no_model?.qini_lead_low).toBeGreaterThan(0);
    expect(rivals.guessed?.qini_lead_low).toBeGreaterThan(0);
    expect(model.qini_low).toBeLessThan(model.qini ?? 0);
    expect(model.qini_high).toBeGreaterThan(model.qini ?? 1);
    expect(model.effect).toBeCloseTo(effectOf(rows), 12);
    expect(model.effect_of_best_30).toBeGreaterThan(0.25);
    expect(compareRankings(rows, guessed, [none], 7).rivals.no_model?.qini_lead_low).toBeLessThan(0);
  });

  it("says the same of the same rows and seed, and finds no lead over itself", () => {
    const itself = { name: "itself", scores: known };
    const compared = compareRankings(rows, known, [itself], 7);
    expect(compareRankings(rows, known, [itself], 7)).toEqual(compared);
    expect(compared.rivals.itself).toEqual({ qini: compared.model.qini, qini_lead_low: 0 });
  });
});
