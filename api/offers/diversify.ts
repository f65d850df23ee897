/**
 * Maximal marginal relevance (Carbonell & Goldstein, SIGIR 1998): each next offer is the best by
 * (1 − δ) · relevance − δ · (likeness to the offer above that it is most like). Pure.
 */
import type { Rule } from "../domain/rules/rule.ts";

export interface Kind {
  readonly mainId: string;
  readonly template: string;
  /** What its rewards and rules name. */
  readonly categories: ReadonlySet<string>;
}

/** Two offers of one main campaign are nearly the same thing to a shopper; a shared template says little. */
const weights = { main: 0.6, template: 0.1, categories: 0.3 } as const;

/** 0 to 1. Offers that name no category are alike in that only where both name some. */
export function likeness(a: Kind, b: Kind): number {
  return (
    (a.mainId === b.mainId ? weights.main : 0) +
    (a.template === b.template ? weights.template : 0) +
    weights.categories * overlap(a.categories, b.categories)
  );
}

/** Jaccard's index. */
function overlap(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  if (a.size === 0 || b.size === 0) return 0;
  let shared = 0;
  for (const one of a) if (b.has(one)) shared += 1;
  return shared / (a.size + b.size - shared);
}

/**
 * @param ranked indices, best first
 * @param values by index; their range becomes a relevance of 0 to 1
 * @param take so many are returned
 */
export function diversify(
  ranked: readonly number[],
  values: readonly number[],
  kinds: readonly Kind[],
  diversity: number,
  take: number,
): number[] {
  if (diversity === 0 || ranked.length < 2) return ranked.slice(0, take);
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const index of ranked) {
    low = Math.min(low, values[index] ?? 0);
    high = Math.max(high, values[index] ?? 0);
  }
  const range = high > low ? high - low : 1;
  const left = ranked.map((index) => ({ index, relevance: ((values[index] ?? 0) - low) / range, like: 0 }));
  const chosen: number[] = [];
  while (chosen.length < take && left.length > 0) {
    let best = 0;
    // Ties keep the ranking: only a strictly better one goes before.
    for (let at = 1; at < left.length; at += 1) {
      if (marginal(left[at], diversity) > marginal(left[best], diversity)) best = at;
    }
    const [next] = left.splice(best, 1);
    if (next === undefined) break;
    chosen.push(next.index);
    const kind = kinds[next.index];
    if (kind === undefined) continue;
    for (const other of left) {
      const otherKind = kinds[other.index];
      if (otherKind !== undefined) other.like = Math.max(other.like, likeness(kind, otherKind));
    }
  }
  return chosen;
}

function marginal(each: { readonly relevance: number; readonly like: number } | undefined, diversity: number): number {
  return each === undefined ? Number.NEGATIVE_INFINITY : (1 - diversity) * each.relevance - diversity * each.like;
}

const categoriesMax = 100;

/** The categories that a campaign's rules and rewards ask for or discount, wherever they stand. */
export function categoriesIn(definition: { readonly rules: Rule | null; readonly rewards: readonly object[] }) {
  const found = new Set<string>();
  const look = (value: unknown): void => {
    if (found.size >= categoriesMax || typeof value !== "object" || value === null) return;
    if (Array.isArray(value)) {
      for (const each of value) look(each);
      return;
    }
    const leaf = value as { readonly on?: unknown; readonly value?: unknown };
    if (leaf.on === "item.categories") {
      for (const each of [leaf.value].flat()) if (typeof each === "string") found.add(each);
    }
    for (const each of Object.values(value)) look(each);
  };
  look(definition.rules);
  look(definition.rewards);
  return found as ReadonlySet<string>;
}
