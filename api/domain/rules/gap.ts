/** How far a number is from what was asked, in its own unit. */
import type { FactValue } from "../reason.ts";
import type { PathType } from "./paths.ts";
import type { Leaf } from "./rule.ts";

/**
 * The smallest whole change of the fact that would meet the leaf; undefined where distance means nothing (texts,
 * times, identity) or the fact is absent.
 */
export function gapOf(leaf: Leaf, actual: FactValue, type: PathType): number | undefined {
  if (typeof actual !== "number" || (type !== "money" && type !== "number" && type !== "scalar")) return undefined;
  const gap = distance(leaf, actual);
  return gap !== null && gap > 0 && Number.isSafeInteger(gap) ? gap : undefined;
}

function distance({ op, value }: Leaf, actual: number): number | null {
  if (op === "between" && Array.isArray(value)) {
    const [from, to] = value;
    if (typeof from !== "number" || typeof to !== "number") return null;
    return Math.ceil(actual < from ? from - actual : actual - to);
  }
  if (typeof value !== "number") return null;
  switch (op) {
    case "greater_or_equal":
      return Math.ceil(value - actual);
    case "greater_than":
      return Math.floor(value - actual) + 1;
    case "less_or_equal":
      return Math.ceil(actual - value);
    case "less_than":
      return Math.floor(actual - value) + 1;
    case "multiple_of":
      return value > 0 && actual >= 0 ? Math.ceil(value - (actual % value)) : null;
    default:
      return null;
  }
}
