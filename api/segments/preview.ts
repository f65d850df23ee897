/** Who would be in a segment, before it is saved: a bounded look, which says how far it came. */
import { z } from "@hono/zod-openapi";
import type { Deps } from "../deps.ts";
import type { Rule } from "../domain/rules/rule.ts";
import { Problem } from "../http/problem.ts";
import { requireLists } from "./change.ts";
import { ask, readBounds, readRange, refusalOf } from "./evaluate/ask.ts";
import { SegmentQuery } from "./rules/compile.ts";
import { needsRfm } from "./rules/leaves.ts";
import type { Surroundings } from "./rules/sources.ts";

/** Customers looked at by one question. */
const customersAtOnce = 50_000;
const sampleMax = 20;
/** Of all questions together; what was found until then is the answer. */
const totalMs = 10_000;

const partRow = z.object({ evaluated: z.number(), size: z.number(), sample: z.array(z.string()) });

export interface Preview {
  readonly size: number;
  /** False: `size` is what the customers looked at would come to if the others were like them. */
  readonly complete: boolean;
  readonly evaluated_count: number;
  readonly customers_count: number;
  readonly sample: string[];
  readonly as_of: string;
}

/** @throws Problem 400 for a list that is not there, 503 when the warehouse does not answer in time. */
export async function previewSegment(deps: Deps, projectId: string, rules: Rule, now: Date): Promise<Preview> {
  const { warehouse } = deps;
  const staticSegments = await deps.db.transaction().execute((tx) => requireLists(tx, projectId, rules));
  const until = performance.now() + totalMs;
  try {
    const { customers, asOf } = await readExtent(deps, projectId, now);
    const rfm = needsRfm(rules) ? await readBounds(warehouse, projectId) : undefined;
    const surroundings: Surroundings = { now: now.getTime(), rfm, staticSegments };
    const found = { evaluated: 0, size: 0, sample: [] as string[] };
    let after = "";
    let complete = false;
    while (performance.now() < until) {
      const range = await readRange(warehouse, { projectId, after, since: null }, customersAtOnce);
      if (range === undefined) {
        complete = true;
        break;
      }
      const population = { projectId, after, upto: range.upto, since: null };
      const question = new SegmentQuery(surroundings).preview(rules, population, sampleMax);
      const [part] = await ask(warehouse, question, partRow, totalMs / 1_000);
      found.evaluated += part?.evaluated ?? 0;
      found.size += part?.size ?? 0;
      found.sample.push(...(part?.sample ?? []));
      after = range.upto;
    }
    const share = complete || found.evaluated === 0 ? 1 : customers / found.evaluated;
    return {
      size: Math.round(found.size * share),
      complete,
      evaluated_count: found.evaluated,
      customers_count: complete ? found.evaluated : customers,
      sample: spread(found.sample),
      as_of: asOf,
    };
  } catch (error) {
    if (refusalOf(error) === undefined) throw error;
    throw new Problem("busy", "The warehouse did not answer in time. Ask less at once, or try again.");
  }
}

/** Each batch gave some; of all of them every n-th. */
function spread(samples: readonly string[]): string[] {
  const step = Math.max(1, samples.length / sampleMax);
  return Array.from({ length: Math.min(sampleMax, samples.length) }, (_, at) => samples[Math.floor(at * step)] ?? "");
}

const extentRow = z.object({ customers: z.number(), as_of: z.number() });

/** Everything that was known when the wide rows were last brought up to date is in the answer. */
async function readExtent({ warehouse }: Deps, projectId: string, now: Date) {
  const result = await warehouse.query({
    query: `SELECT (SELECT uniqExact(customer) FROM customers_wide WHERE project_id = {project: String}) AS customers,
              (SELECT toUnixTimestamp64Milli(max(started_at)) FROM customers_wide_pass) AS as_of`,
    query_params: { project: projectId },
    format: "JSONEachRow",
    clickhouse_settings: { max_threads: 2, max_execution_time: 10 },
  });
  const [row] = z.array(extentRow).parse(await result.json());
  const asOf = row === undefined || row.as_of === 0 ? now.getTime() : row.as_of;
  return { customers: row?.customers ?? 0, asOf: new Date(Math.min(asOf, now.getTime())).toISOString() };
}
