/**
 * A condition as an expression of ClickHouse, over what the log keeps of an attempt: `features` (a map), `campaign_ids`
 * (sub and main), `amount` and `channel`. Values are bound, never written into the text.
 */
import { type Condition, factPaths, groupOf, isFactPath, type Leaf } from "./condition.ts";

/** Parameters of one query, by name; shared by all the expressions in it. */
export class Parameters {
  readonly values: Record<string, unknown> = {};
  #count = 0;

  /** @returns the placeholder. */
  bind(value: unknown, type: "Float64" | "String" | "Array(Float64)" | "Array(String)"): string {
    const name = `v${this.#count++}`;
    this.values[name] = value;
    return `{${name}: ${type}}`;
  }
}

export function conditionSql(condition: Condition, parameters: Parameters): string {
  const group = groupOf(condition);
  if (group === null) return leafSql(condition as Leaf, parameters);
  const parts = group.children.map((child) => conditionSql(child, parameters));
  const joined = parts.join(group.op === "all" ? " AND " : " OR ");
  return group.op === "none" ? `(NOT (${joined}))` : `(${joined})`;
}

function leafSql(leaf: Leaf, parameters: Parameters): string {
  const { on, op, value } = leaf;
  const list = Array.isArray(value) ? value : [value];
  if (isFactPath(on) && factPaths[on] === "texts") {
    const texts = on === "campaign_id" ? "campaign_ids" : "[channel]";
    const met = `hasAny(${texts}, ${parameters.bind(list.map(String), "Array(String)")})`;
    return op === "equals" || op === "any_of" ? met : `(NOT ${met})`;
  }
  if (on === "order.amount") return numberSql("amount", leaf, parameters);
  const name = parameters.bind(on, "String");
  return `(mapContains(features, ${name}) AND ${numberSql(`features[${name}]`, leaf, parameters)})`;
}

const symbols = { greater_than: ">", greater_or_equal: ">=", less_than: "<", less_or_equal: "<=" } as const;

function numberSql(seen: string, { op, value }: Leaf, parameters: Parameters): string {
  const list = (Array.isArray(value) ? value : [value]).map(Number);
  switch (op) {
    case "equals":
    case "any_of":
      return `has(${parameters.bind(list, "Array(Float64)")}, toFloat64(${seen}))`;
    case "not_equals":
    case "none_of":
      return `(NOT has(${parameters.bind(list, "Array(Float64)")}, toFloat64(${seen})))`;
    case "between": {
      const [from, to] = [parameters.bind(list[0], "Float64"), parameters.bind(list[1], "Float64")];
      return `(${seen} >= ${from} AND ${seen} <= ${to})`;
    }
    default:
      return `${seen} ${symbols[op]} ${parameters.bind(list[0], "Float64")}`;
  }
}
