/** Our rules in the languages of the peers, for the conditions that `rules.ts` uses. Anything else is a bug here. */
import type { Leaf, Operand, Rule } from "../../api/domain/rules/rule.ts";
import type { plainCart } from "./carts.ts";

type PlainCart = ReturnType<typeof plainCart>;

/** An expression of GoRules ZEN. */
export function toZen(rule: Rule): string {
  if ("all" in rule) return `(${rule.all.map(toZen).join(" and ")})`;
  if ("any" in rule) return `(${rule.any.map(toZen).join(" or ")})`;
  if ("none" in rule) return `not (${rule.none.map(toZen).join(" or ")})`;
  if (rule.on === "items" && "which" in rule) {
    const quantifier = { any: "some", all: "all", none: "none", cheapest: null, most_expensive: null }[rule.which];
    if (quantifier === null) throw new Error(`no translation of ${rule.which}`);
    return `${quantifier}(items, ${zenLeaf(leafOf(rule.where), "#.")})`;
  }
  return zenLeaf(leafOf(rule), "");
}

const zenSigns: Readonly<Record<string, string>> = {
  equals: "==",
  not_equals: "!=",
  greater_than: ">",
  greater_or_equal: ">=",
  less_than: "<",
  less_or_equal: "<=",
};

function zenLeaf(leaf: Leaf, prefix: string): string {
  const path = prefix === "" ? leaf.on : leaf.on.replace(/^item[.]/, prefix);
  const value = JSON.stringify(leaf.value);
  const sign = zenSigns[leaf.op];
  if (sign !== undefined) return `${path} ${sign} ${value}`;
  if (leaf.op === "between") return `${path} in [${pair(leaf.value).join("..")}]`;
  if (leaf.op === "starts_with") return `startsWith(${path}, ${value})`;
  if (leaf.op !== "any_of" && leaf.op !== "none_of") throw new Error(`no translation of ${leaf.op}`);
  // Inside a closure `#` is the line; a second one over its categories has its own `#`, and only a comparison in it.
  if (isList(leaf.on)) return `${leaf.op === "any_of" ? "some" : "none"}(${path}, # in ${value})`;
  return leaf.op === "any_of" ? `${path} in ${value}` : `${path} not in ${value}`;
}

/** Conditions of json-rules-engine. Facts are flat (`flatFacts`): its JSONPath would only make it slower. */
export function toJsonRules(rule: Rule): object {
  if ("all" in rule) return { all: rule.all.map(toJsonRules) };
  if ("any" in rule) return { any: rule.any.map(toJsonRules) };
  if ("none" in rule) return { not: { any: rule.none.map(toJsonRules) } };
  if (rule.on === "items" && "which" in rule) {
    const where = leafOf(rule.where);
    if (rule.which === "none") return { not: jsonLeaf(where, "someFact:") };
    return jsonLeaf(where, rule.which === "any" ? "someFact:" : "everyFact:");
  }
  return jsonLeaf(leafOf(rule), "");
}

const jsonOperators: Readonly<Record<string, string>> = {
  equals: "equal",
  not_equals: "notEqual",
  greater_than: "greaterThan",
  greater_or_equal: "greaterThanInclusive",
  less_than: "lessThan",
  less_or_equal: "lessThanInclusive",
  any_of: "in",
  none_of: "notIn",
  starts_with: "startsWith",
};

function jsonLeaf(leaf: Leaf, quantifier: string): object {
  if (leaf.op === "between") {
    const [from, to] = pair(leaf.value);
    return {
      all: [
        { fact: leaf.on, operator: "greaterThanInclusive", value: from },
        { fact: leaf.on, operator: "lessThanInclusive", value: to },
      ],
    };
  }
  const operator = jsonOperators[leaf.op];
  if (operator === undefined) throw new Error(`no translation of ${leaf.op}`);
  const list = isList(leaf.on) ? (leaf.op === "any_of" ? "someFact:" : "everyFact:") : "";
  return { fact: leaf.on, operator: `${quantifier}${list}${operator}`, value: leaf.value };
}

/** One fact a path; those of lines are lists with one entry a line. */
export function flatFacts({ order, items, customer }: PlainCart): Record<string, unknown> {
  const { metadata, ...plainOrder } = order;
  const under = (prefix: string, values: object) =>
    Object.fromEntries(Object.entries(values).map(([key, value]) => [`${prefix}.${key}`, value]));
  return {
    ...under("order", plainOrder),
    ...under("order.metadata", metadata),
    "customer.is_new": customer.is_new,
    ...under("customer.attributes", customer.attributes),
    ...under("customer.tags", customer.tags),
    "item.sku": items.map((item) => item.sku),
    "item.quantity": items.map((item) => item.quantity),
    "item.unit_amount": items.map((item) => item.unit_amount),
    "item.categories": items.map((item) => item.categories),
  };
}

function leafOf(rule: Rule): Leaf {
  if ("op" in rule && !("where" in rule)) return rule;
  throw new Error(`no translation of ${JSON.stringify(rule)}`);
}

function pair(value: Operand): readonly unknown[] {
  if (!Array.isArray(value) || value.length !== 2) throw new Error("a range has two ends");
  return value;
}

function isList(path: string): boolean {
  return path === "item.categories" || path.startsWith("customer.tags.");
}
