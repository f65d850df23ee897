/**
 * Rule trees as one question to the warehouse. Facts are read once, however many trees ask for them: an inner select
 * makes them columns (f0, f1 …), and each tree is a condition on these.
 */
import { groupOf } from "../../domain/rules/group.ts";
import type { Leaf, Rule } from "../../domain/rules/rule.ts";
import { Binder, type BoundValue } from "./binder.ts";
import { type FoundFact, findFact, type SegmentFact } from "./facts.ts";
import * as conditions from "./leaf-sql.ts";
import { scalar } from "./scalar-sql.ts";
import { type Population, Sources, type Surroundings } from "./sources.ts";

export interface Question {
  readonly query: string;
  readonly params: Readonly<Record<string, BoundValue>>;
}

export class SegmentQuery {
  private readonly binder = new Binder();
  private readonly sources: Sources;
  private readonly columns = new Map<string, string>();
  private readonly today: string;

  constructor(surroundings: Surroundings) {
    this.sources = new Sources(this.binder, surroundings);
    this.today = new Date(surroundings.now).toISOString().slice(0, 10);
  }

  /** The condition that the customer fits the rules. @throws Error for rules that `checkSegmentRules` refuses. */
  condition(rule: Rule): string {
    const group = groupOf(rule);
    if (group === null) return this.leaf(rule as Leaf);
    const parts = group.children.map((child) => this.condition(child));
    if (parts.length === 0) return group.op === "any" ? "0" : "1";
    const joined = `(${parts.join(group.op === "all" ? " AND " : " OR ")})`;
    return group.op === "none" ? `NOT ${joined}` : joined;
  }

  /** Each customer that fits any, with the numbers of those. */
  matches(trees: readonly { readonly number: number; readonly rules: Rule }[], population: Population): Question {
    const flags = trees.map(({ number, rules }) => `if(${this.condition(rules)}, ${this.binder.integer(number)}, 0)`);
    return this.question(`SELECT customer, arrayFilter(n -> n != 0, [${flags.join(",\n")}]) AS numbers`, population);
  }

  /** How many fit, and some of them. */
  preview(rules: Rule, population: Population, sampleMax: number): Question {
    const condition = this.condition(rules);
    const some = `groupArraySampleIf(${sampleMax})(customer, fits)`;
    return this.question(
      `SELECT count() AS evaluated, countIf(fits) AS size, ${some} AS sample FROM (SELECT customer, ${condition} AS fits`,
      population,
      ")",
    );
  }

  private question(select: string, population: Population, close = ""): Question {
    const columns = [...this.columns.values()].map((sql, at) => `, ${sql} AS f${at}`);
    const inner = `SELECT w.customer AS customer${columns.join("\n")} FROM ${this.sources.from(population)}`;
    return { query: `${select}\nFROM (${inner})${close}`, params: this.binder.params };
  }

  private leaf(leaf: Leaf): string {
    const found = findFact(leaf.on);
    if (found === null) throw new Error("a stored rule asks for a fact that there is none of");
    const { op, value: operand } = leaf;
    const { fact } = found;
    if (fact.type === "scalar") return this.scalar(leaf, found);
    const value = { binder: this.binder, value: this.value(leaf, found) };
    switch (fact.type) {
      case "money":
      case "number":
        return conditions.whole(op, operand, value);
      case "decimal":
        return conditions.decimal(op, operand, value);
      case "instant":
        return conditions.instant(op, operand, value);
      case "text":
        return conditions.text(op, operand, value);
      case "boolean":
        return conditions.boolean(op, operand, value);
      case "birthday":
        return conditions.birthday(op, operand, value, this.today);
      case "list":
        return conditions.list(op, fact.on === "customer.segments" ? this.ids(operand) : operand, value);
    }
  }

  private ids(operand: Leaf["value"]): Leaf["value"] {
    return Array.isArray(operand) ? this.sources.segmentIds(operand.map(String)) : operand;
  }

  private value(leaf: Leaf, { fact, key }: FoundFact): string {
    const asked = { key, name: leaf.name ?? "", windowDays: leaf.window_days ?? null };
    return this.column([fact.on, asked], () => typed(fact, fact.sql(this.sources, this.binder, asked)));
  }

  private scalar(leaf: Leaf, { fact, key }: FoundFact): string {
    const as = (form: string, sql: (document: string, name: string) => string) => () =>
      this.column([fact.on, key, form], () => {
        const document = fact.sql(this.sources, this.binder, { key, name: "", windowDays: null });
        return sql(document, this.binder.text(key));
      });
    return scalar(
      leaf.op,
      leaf.value,
      {
        type: as("type", (document, name) => `JSONType(${document}, ${name})`),
        text: as("text", (document, name) => `JSONExtractString(${document}, ${name})`),
        number: as("number", (document, name) => `JSONExtractFloat(${document}, ${name})`),
        boolean: as("boolean", (document, name) => `JSONExtractBool(${document}, ${name})`),
        list: as("list", (document, name) => `JSONExtract(${document}, ${name}, 'Array(String)')`),
      },
      this.binder,
    );
  }

  private column(identity: unknown, sql: () => string): string {
    const known = JSON.stringify(identity);
    if (!this.columns.has(known)) this.columns.set(known, sql());
    return `f${[...this.columns.keys()].indexOf(known)}`;
  }
}

/** One type for each kind of fact, whatever the column has: counters are unsigned, and comparing them so would fail. */
function typed({ type }: SegmentFact, sql: string): string {
  if (type === "money" || type === "number" || type === "instant") return `toInt64(${sql})`;
  if (type === "decimal") return `toFloat64(${sql})`;
  return type === "text" ? `toString(${sql})` : sql;
}
