/** How far a fact is from what was asked, in its own unit. */
import type { FactValue } from "../reason.ts";
import { distanceM } from "./area.ts";
import { isArea } from "./operand-kinds.ts";
import type { PathType } from "./paths.ts";
import type { Operand, Operator } from "./rule.ts";

/**
 * The smallest whole change of the fact that would meet what was asked; undefined where distance means nothing (texts,
 * times, identity, polygons) or the fact is absent. For a place outside a circle: metres to the circle.
 */
export function gapOf(op: Operator, expected: Operand, actual: FactValue, type: PathType): number | undefined {
  const gap = type === "location" ? beyondCircle(expected, actual) : ofNumber(op, expected, actual, type);
  return gap !== null && gap > 0 && Number.isSafeInteger(gap) ? gap : undefined;
}

function beyondCircle(area: Operand, place: FactValue): number | null {
  if (!isArea(area) || !("center" in area) || !Array.isArray(place)) return null;
  const [lon, lat] = place;
  if (typeof lon !== "number" || typeof lat !== "number") return null;
  return Math.ceil(distanceM(area.center, [lon, lat]) - area.radius_m);
}

function ofNumber(op: Operator, expected: Operand, actual: FactValue, type: PathType): number | null {
  const measured = type === "money" || type === "number" || type === "weight" || type === "scalar";
  return measured && typeof actual === "number" ? distance(op, expected, actual) : null;
}

function distance(op: Operator, value: Operand, actual: number): number | null {
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
