/**
 * A feature is defined once: its ClickHouse expression feeds training, its function feeds scoring, and a parity test
 * holds the two together. Whatever happens after the raw value (default, scale, standardisation) is one piece of
 * TypeScript that both sides run.
 */
import { createHash } from "node:crypto";

export interface Feature<Input> {
  readonly name: string;
  /** Over the columns of the set's situation query, which are the fields of `Input` in snake_case. May be NULL. */
  readonly sql: string;
  /** The same in TypeScript. Null means unknown. */
  readonly value: (input: Input) => number | null;
  /** Stands in for an unknown or non-finite value, before scaling. */
  readonly default: number;
  /** `log1p` for amounts, counts and durations, whose tails would otherwise rule the network. */
  readonly scale: "none" | "log1p";
  /** A sentence for a person, given the raw value and what is usual. */
  readonly text: (value: number, usual: number) => string;
}

export interface FeatureSet<Input> {
  readonly name: string;
  readonly features: readonly Feature<Input>[];
  /** Names, order, SQL, defaults and scales: a model trained on another hash must not be served. */
  readonly hash: string;
}

export function featureSet<Input>(name: string, features: readonly Feature<Input>[]): FeatureSet<Input> {
  const identity = features.map((feature) => [feature.name, feature.sql, feature.default, feature.scale]);
  return {
    name,
    features,
    hash: createHash("sha256")
      .update(JSON.stringify([name, identity]))
      .digest("hex"),
  };
}

/** Raw values in the order of the set, defaults filled in: always finite. */
export function rawVector<Input>(set: FeatureSet<Input>, input: Input): number[] {
  return set.features.map((feature) => orDefault(feature, feature.value(input)));
}

/** What training does with a value that ClickHouse returned. */
export function orDefault(feature: Feature<never>, value: number | null): number {
  return value === null || !Number.isFinite(value) ? feature.default : value;
}

export function named<Input>(set: FeatureSet<Input>, raw: readonly number[]): Record<string, number> {
  return Object.fromEntries(set.features.map((feature, index) => [feature.name, raw[index] ?? feature.default]));
}
