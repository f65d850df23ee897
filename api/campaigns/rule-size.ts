import { ruleDepthMax, ruleNodesMax } from "../domain/rules/validate.ts";

type Path = readonly (string | number)[];
type Child = readonly [key: Path, value: unknown];

/** Where a tree of unknown shape goes beyond what a rule may have; null when it does not. Does not recurse. */
export function tooLarge(value: unknown): { readonly path: Path; readonly detail: string } | null {
  const waiting: { readonly value: unknown; readonly path: Path; readonly depth: number }[] = [
    { value, path: [], depth: 1 },
  ];
  let nodes = 0;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    nodes += 1;
    if (nodes > ruleNodesMax) return { path: [], detail: `a rule has at most ${ruleNodesMax} nodes` };
    const { path, depth } = next;
    if (depth > ruleDepthMax) return { path, detail: `a rule is at most ${ruleDepthMax} levels deep` };
    for (const [key, inner] of childrenOf(next.value)) {
      waiting.push({ value: inner, path: [...path, ...key], depth: depth + 1 });
      // One node may have any number of children; beyond the limit they need not be looked at.
      if (waiting.length > ruleNodesMax) return { path: [], detail: `a rule has at most ${ruleNodesMax} nodes` };
    }
  }
  return null;
}

function childrenOf(value: unknown): Child[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]): Child[] => {
    if (key === "where") return [[[key], inner]];
    const isGroup = (key === "all" || key === "any" || key === "none") && Array.isArray(inner);
    return isGroup ? inner.map((child: unknown, index): Child => [[key, index], child]) : [];
  });
}
