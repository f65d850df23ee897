/** The engines that others use, each ready to say which of the rules a cart meets. */
import { createRequire } from "node:module";
import type { Rule } from "../../api/domain/rules/rule.ts";
import type { Cart } from "./carts.ts";
import { plainCart } from "./carts.ts";
import { flatFacts, toJsonRules, toZen } from "./translate.ts";

export interface Peer {
  readonly name: string;
  /** How many runs are under way at once: what each engine is fastest with. */
  readonly callers: number;
  /** A cart in the engine's own form; not part of the time measured. */
  prepare(cart: Cart): object;
  /** The positions of the rules that the prepared cart meets, ascending. */
  run(prepared: object): Promise<number[]>;
}

/** The packages are of `bench/package.json`: nobody who only runs the product needs them. */
const load = createRequire(new URL("../package.json", import.meta.url));

interface Zen {
  ZenEngine: new () => {
    createDecision(content: object): { evaluate(context: object): Promise<{ result: unknown }> };
  };
}

interface JsonRules {
  Engine: new () => {
    addRule(rule: object): void;
    addOperator(name: string, test: (fact: string, value: string) => boolean): void;
    run(facts: object): Promise<{ events: { params?: { position: number } }[] }>;
  };
}

/** @throws when the packages are not installed */
export function loadPeers(rules: readonly Rule[]): Peer[] {
  return [zenTable(rules), zenExpressions(rules), jsonRules(rules)];
}

const place = { x: 0, y: 0 };

function zenGraph(node: object): object {
  return {
    nodes: [
      { id: "in", type: "inputNode", name: "in", position: place },
      { id: "rules", name: "rules", position: place, ...node },
      { id: "out", type: "outputNode", name: "out", position: place },
    ],
    edges: [
      { id: "1", type: "edge", sourceId: "in", targetId: "rules" },
      { id: "2", type: "edge", sourceId: "rules", targetId: "out" },
    ],
  };
}

/** One table, one row a rule, every row that holds is collected. */
function zenTable(rules: readonly Rule[]): Peer {
  const content = {
    hitPolicy: "collect",
    inputs: [{ id: "when", name: "when", field: "" }],
    outputs: [{ id: "position", name: "position", field: "position" }],
    rules: rules.map((rule, position) => ({ _id: `r${position}`, when: toZen(rule), position: String(position) })),
  };
  const { ZenEngine } = load("@gorules/zen-engine") as Zen;
  const decision = new ZenEngine().createDecision(zenGraph({ type: "decisionTableNode", content }));
  return {
    name: "zen-engine, decision table",
    callers: 16,
    prepare: plainCart,
    run: async (prepared) => {
      const { result } = await decision.evaluate(prepared);
      return (result as { position: number }[]).map((row) => row.position);
    },
  };
}

/** One node with one expression a rule. */
function zenExpressions(rules: readonly Rule[]): Peer {
  const expressions = rules.map((rule, position) => ({ id: `r${position}`, key: `r${position}`, value: toZen(rule) }));
  const { ZenEngine } = load("@gorules/zen-engine") as Zen;
  const decision = new ZenEngine().createDecision(zenGraph({ type: "expressionNode", content: { expressions } }));
  return {
    name: "zen-engine, expressions",
    callers: 16,
    prepare: plainCart,
    run: async (prepared) => {
      const { result } = await decision.evaluate(prepared);
      const met = result as Record<string, boolean>;
      return rules.flatMap((_, position) => (met[`r${position}`] === true ? [position] : []));
    },
  };
}

function jsonRules(rules: readonly Rule[]): Peer {
  const { Engine } = load("json-rules-engine") as JsonRules;
  const engine = new Engine();
  engine.addOperator("startsWith", (fact, value) => fact.startsWith(value));
  for (const [position, rule] of rules.entries()) {
    const conditions = toJsonRules(rule);
    const isGroup = "all" in conditions || "any" in conditions || "not" in conditions;
    engine.addRule({
      conditions: isGroup ? conditions : { all: [conditions] },
      event: { type: "met", params: { position } },
    });
  }
  return {
    name: "json-rules-engine",
    callers: 1,
    prepare: (cart) => flatFacts(plainCart(cart)),
    run: async (prepared) => {
      const { events } = await engine.run(prepared);
      return events.map((event) => event.params?.position ?? -1).sort((a, b) => a - b);
    },
  };
}
