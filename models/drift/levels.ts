/** How a population stability index reads. */

/** Siddiqi, Credit Risk Scorecards, 2006: below the first nothing to speak of moved, above the second a lot. */
const driftLevels = { some: 0.1, much: 0.25 } as const;

export type DriftLevel = "none" | "some" | "much";

/**
 * Fewer rows on either side say nothing. By chance alone the index is about (1/n + 1/m) times a chi-square of one degree
 * less than there are bins (Yurdakul, Statistical Properties of Population Stability Index, 2018): of ten bins and 200 rows
 * against many it passes 0.085 once in twenty comparisons, and 0.25 never.
 */
export const comparedRowsMin = 200;

/** Null where there is too little to say. */
export function levelOf(psi: number | null): DriftLevel | null {
  if (psi === null) return null;
  if (psi >= driftLevels.much) return "much";
  return psi >= driftLevels.some ? "some" : "none";
}
