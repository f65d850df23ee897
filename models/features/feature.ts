/**
 * A feature is defined once: its ClickHouse expression feeds training, its function feeds scoring, and a parity test
 * holds the two together. Whatever happens after the raw value (default, scale, standardisation) is one piece of
 * TypeScript that both sides run.
 */
import { createHash } from "node:crypto";

/** How a person may read and compare it: a number, a share from 0 to 1, or yes (1) and no (0). */
export type FeatureType = "number" | "share" | "flag";

export interface Feature<Input> {
  readonly name: string;
  /** Goes up when the same name begins to mean something else. */
  readonly version: number;
  /** How far back it looks, for people: "1 hour", "90 days", "the request". */
  readonly window: string;
  readonly type: FeatureType;
  /** Over the columns of the set's situation query, which are the fields of `Input` in snake_case. May be NULL. */
  readonly sql: string;
  /** The same in TypeScript. Null means unknown. */
  readonly value: (input: Input) => number | null;
  /** Stands in for an unknown or non-finite value, before scaling. */
  readonly default: number;
  /** `log1p` for amounts, counts and durations, whose tails would otherwise rule the network. */
  readonly scale: "none" | "log1p";
  /** What it is, for people who write rules: "customers on this device in the last 90 days". Absent: its name. */
  readonly label?: string;
  /** A sentence for a person, given the raw value and what is usual. */
  readonly text: (value: number, usual: number) => string;
}

export interface FeatureSet<Input> {
  readonly name: string;
  readonly features: readonly Feature<Input>[];
  /** Names, versions, order, SQL, defaults and scales: a model trained on another hash must not be served. */
  readonly hash: string;
}

export function featureSet<Input>(name: string, features: readonly Feature<Input>[]): FeatureSet<Input> {
  const identity = features.map(({ name: feature, version, sql, default: instead, scale }) =>
    // The first version was hashed without its number, and models that were trained on it are still good.
    version === 1 ? [feature, sql, instead, scale] : [feature, sql, instead, scale, version],
  );
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
  const raw: number[] = [];
  for (const feature of set.features) raw.push(orDefault(feature, feature.value(input)));
  return raw;
}

/** The same as a row of a matrix of such rows. */
export function writeRaw<Input>(set: FeatureSet<Input>, input: Input, matrix: Float64Array, row: number): void {
  const { features } = set;
  const from = row * features.length;
  for (let index = 0; index < features.length; index += 1) {
    const feature = features[index] as Feature<Input>;
    matrix[from + index] = orDefault(feature, feature.value(input));
  }
}

/** What training does with a value that ClickHouse returned. */
export function orDefault(feature: Feature<never>, value: number | null): number {
  return value === null || !Number.isFinite(value) ? feature.default : value;
}

/** Written one by one: a request does it, and pairs for `Object.fromEntries` cost five times as much. */
export function named<Input>(set: FeatureSet<Input>, raw: ArrayLike<number>): Record<string, number> {
  const { features } = set;
  const values: Record<string, number> = {};
  for (let index = 0; index < features.length; index += 1) {
    const { name, default: instead } = features[index] as Feature<Input>;
    values[name] = raw[index] ?? instead;
  }
  return values;
}
