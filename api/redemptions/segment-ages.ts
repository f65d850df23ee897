/** Who reads a trace is told how old the membership is that it speaks of. Decisions never wait for this. */
import type { Kysely } from "kysely";
import type { DB } from "../db/tables.ts";
import type { SegmentAge, Trace } from "../domain/decision.ts";
import { readSegmentAges } from "../segments/ages.ts";

type Trees = Readonly<Record<string, Trace>>;
type Leaf = Exclude<Trace, { children: readonly Trace[] }>;

/** Asks the database only when a rule of these names segments: then each of its leaves says how old the dynamic ones are. */
export async function withSegmentAges(
  db: Kysely<DB>,
  projectId: string,
  traces: readonly Trees[],
): Promise<readonly Trees[]> {
  const names = new Set(traces.flatMap((trees) => Object.values(trees).flatMap(namesIn)));
  const ages = await readSegmentAges(db, projectId, [...names]);
  if (ages.size === 0) return traces;
  return traces.map((trees) =>
    Object.fromEntries(Object.entries(trees).map(([name, trace]) => [name, withAges(trace, ages)])),
  );
}

function namesIn(trace: Trace): readonly string[] {
  return "children" in trace ? trace.children.flatMap(namesIn) : namesOf(trace);
}

function namesOf({ on, op, expected }: Leaf): readonly string[] {
  if (on !== "customer.segments" || op === "exists") return [];
  return [expected].flat().filter((name) => typeof name === "string");
}

function withAges(trace: Trace, ages: ReadonlyMap<string, SegmentAge>): Trace {
  if ("children" in trace) return { ...trace, children: trace.children.map((child) => withAges(child, ages)) };
  const segments = namesOf(trace).flatMap((name) => ages.get(name) ?? []);
  return segments.length === 0 ? trace : { ...trace, segments };
}
