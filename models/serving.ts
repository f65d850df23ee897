/** Scores in a request: time-boxed, never throwing. A model that is absent or slow is "unavailable" and the caller falls back. */
import type { RiskInput } from "./features/risk.ts";

export interface RiskScore {
  /** 0 (ordinary) to 1; null when unavailable. */
  readonly score: number | null;
  readonly action: "allow" | "flag";
  /** Sentences a reviewer understands, strongest first. */
  readonly reasons: readonly string[];
  /** "name@version", null when unavailable. */
  readonly model: string | null;
  /** The vector that was scored, by feature name; null when unavailable. */
  readonly features: Readonly<Record<string, number>> | null;
}

export interface Models {
  scoreRisk(input: RiskInput): RiskScore;
}
