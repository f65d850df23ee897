/**
 * Looks at some customers of a project, at all of its dynamic segments at once, and moves who is to be moved. One
 * question reads each fact once for all rules; what is in memory is one batch of customers.
 */
import type { ClickHouseClient } from "@clickhouse/client";
import type { Kysely } from "kysely";
import type { Logger } from "pino";
import type { DB } from "../../db/tables.ts";
import { needsRfm } from "../rules/leaves.ts";
import type { Population, RfmBounds, Surroundings } from "../rules/sources.ts";
import { readBounds, readRange, refusalOf } from "./ask.ts";
import { type BatchLimits, batchLimits, nextSize, smallerSize } from "./batch-size.ts";
import { type Answers, collect, TooManyCustomers } from "./collect.ts";
import { type Definition, findNamedLists, writeFailed } from "./definitions.ts";
import { type Found, type Moved, writeMoves } from "./moves.ts";

export interface EvaluationDeps {
  readonly db: Kysely<DB>;
  readonly warehouse: ClickHouseClient;
  readonly log: Logger;
  /** Customers looked at by one question; absent: the defaults. */
  readonly batchLimits?: BatchLimits;
}

/** What is around the customers of a pass: the bounds of the fifths are read once, and not before somebody needs them. */
export class PassContext {
  private read: Promise<RfmBounds> | undefined;
  /** How many customers the next question is about. */
  size: number | undefined;

  /** @throws ClickHouseError; whoever asks then asks anew. */
  async bounds(warehouse: ClickHouseClient, projectId: string): Promise<RfmBounds> {
    this.read ??= readBounds(warehouse, projectId);
    try {
      return await this.read;
    } catch (error) {
      this.read = undefined;
      throw error;
    }
  }
}

interface Bounded {
  readonly rfm: RfmBounds | undefined;
  readonly askable: readonly Definition[];
  readonly failed: Answers["failed"];
}

/** Those that need the fifths fail where the warehouse refuses to work them out; the others can be asked. */
async function withBounds(
  { warehouse }: EvaluationDeps,
  definitions: readonly Definition[],
  context: PassContext,
  projectId: string,
): Promise<Bounded> {
  const inNeed = new Set(definitions.filter(({ rules }) => needsRfm(rules)));
  if (inNeed.size === 0) return { rfm: undefined, askable: definitions, failed: [] };
  try {
    return { rfm: await context.bounds(warehouse, projectId), askable: definitions, failed: [] };
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined) throw error;
    return {
      rfm: undefined,
      askable: definitions.filter((definition) => !inNeed.has(definition)),
      failed: [...inNeed].map((definition) => ({ definition, refusal })),
    };
  }
}

export interface Evaluated extends Moved {
  readonly customers: number;
  /** The last customer looked at; undefined when there was nobody. */
  readonly upto: string | undefined;
  /** Definitions that could not be asked; the others were. */
  readonly failed: readonly Definition[];
}

/**
 * The next batch after `after`.
 *
 * @param now of windows and ages. Never before that of a batch that was looked at earlier: whoever left as time went by
 * would enter again.
 */
export async function evaluateBatch(
  deps: EvaluationDeps,
  definitions: readonly Definition[],
  context: PassContext,
  from: Omit<Population, "upto">,
  now: Date,
): Promise<Evaluated> {
  const limits = deps.batchLimits ?? batchLimits;
  const { rfm, askable, failed: unbounded } = await withBounds(deps, definitions, context, from.projectId);
  for (;;) {
    const size = context.size ?? limits.first;
    const range = await readRange(deps.warehouse, from, size);
    if (range === undefined) return { customers: 0, upto: undefined, entered: 0, left: 0, failed: [] };
    const population = { ...from, upto: range.upto };
    const fewer = smallerSize(Math.min(size, range.customers), limits);
    const began = performance.now();
    let answers: Answers;
    try {
      const rules = askable.map((definition) => definition.rules);
      const staticSegments = await findNamedLists(deps.db, from.projectId, rules);
      const surroundings: Surroundings = { now: now.getTime(), rfm, staticSegments };
      answers = await collect(deps.warehouse, askable, {
        surroundings,
        population,
        canShrink: fewer !== undefined,
      });
    } catch (error) {
      if (!(error instanceof TooManyCustomers)) throw error;
      context.size = fewer;
      continue;
    }
    context.size = nextSize(size, performance.now() - began, limits);
    const refused = [...unbounded, ...answers.failed];
    for (const { definition, refusal } of refused) {
      // By its code alone: the text of the warehouse repeats what was asked.
      deps.log.warn({ segment: definition.id, refusal }, "a segment cannot be evaluated");
      await writeFailed(deps.db, from.projectId, definition, refusal, now);
    }
    const failed = refused.map(({ definition }) => definition);
    const asked = definitions.filter((definition) => !failed.includes(definition));
    const found: Found[] = [...answers.fits].map(([customer, numbers]) => ({ customer, numbers }));
    const moved = await writeMoves(deps.db, from.projectId, asked, found);
    return { customers: range.customers, upto: range.upto, ...moved, failed };
  }
}
