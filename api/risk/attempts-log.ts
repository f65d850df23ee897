/**
 * Looks at the attempts of the last days as the warehouse logged them: how many a condition would have met, what they
 * took, and what reviewers made of them. Bounded in days, memory and time; of very many a steady sample is looked at.
 */
import { type ClickHouseClient, ClickHouseError } from "@clickhouse/client";
import { z } from "zod";
import { Problem } from "../http/problem.ts";
import type { Parameters } from "./condition-sql.ts";
import type { OutcomeWire } from "./schemas.ts";

/** An expression over a row of `looked` below. Named by its place. */
export interface LogTest {
  readonly sql: string;
  /** Counted besides: those of which this is true as well. */
  readonly alsoSql?: string;
}

export interface LogAnswer {
  readonly attempts: number;
  readonly sampledShare: number;
  readonly from: Date;
  readonly to: Date;
  readonly outcomes: readonly (OutcomeWire & { readonly also: number })[];
}

/** More are sampled: by a hash of their ids, so that the same are looked at again. */
const lookedMax = 500_000;
const examplesMax = 20;
const settings = {
  max_execution_time: 25,
  max_memory_usage: "1500000000",
  max_threads: 4,
  // Else a map of the payload's size is copied for every condition.
  short_circuit_function_evaluation: "enable",
} as const;

/** Attempts that were scored: a hold counts when it is made, and not again when it is confirmed. */
const scored = `project_id = {project: String} AND occurred_at >= {from: DateTime64(3)} AND occurred_at < {to: DateTime64(3)}
  AND type IN ('redemption.succeeded', 'redemption.rejected', 'reservation.created')
  AND if(type = 'reservation.created', outcome = 'held_for_review', NOT (type = 'redemption.succeeded' AND risk_action = 'hold'))
  AND risk_action != ''`;

/** @param parameters those of the tests. @throws Problem busy when the warehouse takes too long. */
export async function lookAtLog(
  warehouse: ClickHouseClient,
  asked: { readonly projectId: string; readonly days: number; readonly now: Date },
  tests: readonly LogTest[],
  parameters: Parameters,
): Promise<LogAnswer> {
  const to = asked.now;
  const from = new Date(to.getTime() - asked.days * 86_400_000);
  const bounds = { project: asked.projectId, from: clickHouseInstant(from), to: clickHouseInstant(to) };
  try {
    const total = await countScored(warehouse, bounds);
    const oneIn = Math.max(1, Math.ceil(total / lookedMax));
    const rows = await queryTests(warehouse, { ...bounds, ...parameters.values, one_in: oneIn }, tests);
    return { ...answerOf(rows, tests.length), sampledShare: 1 / oneIn, from, to };
  } catch (error) {
    throw tookTooMuch(error) ? new Problem("busy", "That takes too long to count. Ask for fewer days.") : error;
  }
}

async function countScored(warehouse: ClickHouseClient, bounds: Record<string, unknown>): Promise<number> {
  const result = await warehouse.query({
    query: `SELECT count() AS n FROM events WHERE ${scored}`,
    query_params: bounds,
    format: "JSONEachRow",
    clickhouse_settings: settings,
  });
  return z.array(z.object({ n: z.coerce.number() })).parse(await result.json())[0]?.n ?? 0;
}

const rowOf = (tests: number) =>
  z.object({
    currency: z.string(),
    attempts: z.coerce.number(),
    tests: z
      .array(
        z.tuple([
          z.coerce.number(),
          z.coerce.number(),
          z.coerce.number(),
          z.coerce.number(),
          z.coerce.number(),
          z.coerce.number(),
          z.coerce.number(),
          z.array(z.string()),
        ]),
      )
      .length(tests),
  });
type Row = z.output<ReturnType<typeof rowOf>>;

/** A row a currency; the events are read, and their payloads parsed, once for all tests. */
async function queryTests(
  warehouse: ClickHouseClient,
  parameters: Record<string, unknown>,
  tests: readonly LogTest[],
): Promise<Row[]> {
  const columns = tests.map(({ sql }, at) => `(${sql}) AS met_${at}`);
  const sums = tests.map(({ alsoSql = "0" }, at) => {
    const met = `met_${at}`;
    return `(countIf(${met}), sumIf(at_stake, ${met}), sumIf(amount, ${met}), countIf(${met} AND risk_action != 'allow'),
      countIf(${met} AND label = 'confirmed'), countIf(${met} AND label = 'dismissed'), countIf(${alsoSql}),
      arrayMap(e -> e.2, groupArraySortedIf(${examplesMax})((-toUnixTimestamp64Milli(occurred_at), subject_id), ${met})))`;
  });
  const result = await warehouse.query({
    query: `
      WITH
        labels AS
        (
          SELECT name AS subject, argMax(toString(outcome), (recorded_at, event_id)) AS label
          FROM events
          WHERE project_id = {project: String} AND type IN ('review.decided', 'review.reopened')
          GROUP BY name
        ),
        looked AS
        (
          SELECT subject_id, occurred_at, toString(currency) AS currency, amount, toString(channel) AS channel,
            toString(risk_action) AS risk_action, risk_score,
            arrayDistinct(arrayConcat(codes.campaign_id, codes.main_campaign_id)) AS campaign_ids,
            codes.campaign_id AS subs, codes.main_campaign_id AS mains,
            JSONExtractRaw(payload, 'risk') AS risk,
            JSONExtract(risk, 'features', 'Map(String, Float64)') AS features,
            JSONExtract(risk, 'shadow', 'rules', 'Array(String)') AS shadow_rules,
            greatest(discount_amount, JSONExtractInt(risk, 'withheld_amount')) AS at_stake
          FROM events
          WHERE ${scored} AND cityHash64(subject_id) % {one_in: UInt32} = 0
        ),
        judged AS
        (
          SELECT looked.*, labels.label AS label${columns.map((column) => `, ${column}`).join("")}
          FROM looked
          LEFT JOIN labels ON labels.subject = looked.subject_id
          WHERE notEmpty(features)
        )
      SELECT currency, count() AS attempts, [${sums.join(", ")}] AS tests
      FROM judged
      GROUP BY currency
      ORDER BY currency`,
    query_params: parameters,
    // Lists of many rules do not fit into an address.
    use_multipart_params_auto: true,
    format: "JSONEachRow",
    clickhouse_settings: settings,
  });
  return z.array(rowOf(tests.length)).parse(await result.json());
}

function answerOf(rows: readonly Row[], count: number): Pick<LogAnswer, "attempts" | "outcomes"> {
  const attempts = rows.reduce((sum, row) => sum + row.attempts, 0);
  const outcomes = Array.from({ length: count }, (_, at) => {
    const each = rows.flatMap(({ currency, tests }) => {
      const test = tests[at];
      return test === undefined ? [] : [{ currency, test }];
    });
    const sum = (place: 0 | 3 | 4 | 5 | 6) => each.reduce((total, { test }) => total + test[place], 0);
    const [fired, flagged, confirmed, dismissed] = [sum(0), sum(3), sum(4), sum(5)];
    return {
      fired,
      share: attempts === 0 ? null : fired / attempts,
      money: each
        .filter(({ test }) => test[0] > 0)
        .map(({ currency, test }) => ({ currency, discount_amount: test[1], order_amount: test[2] })),
      already_flagged: flagged,
      confirmed,
      dismissed,
      precision: confirmed + dismissed === 0 ? null : confirmed / (confirmed + dismissed),
      examples: each.flatMap(({ test }) => test[7]).slice(0, examplesMax),
      also: sum(6),
    };
  });
  return { attempts, outcomes };
}

function clickHouseInstant(at: Date): string {
  return at.toISOString().replace("T", " ").replace("Z", "");
}

/** ClickHouse's own numbers: 159 TIMEOUT_EXCEEDED, 202 TOO_MANY_SIMULTANEOUS_QUERIES, 241 MEMORY_LIMIT_EXCEEDED. */
function tookTooMuch(error: unknown): boolean {
  return error instanceof ClickHouseError && ["159", "202", "241"].includes(error.code);
}
