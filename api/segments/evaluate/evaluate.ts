/**
 * Looks at some customers of a project, at all of its dynamic segments at once, and moves who is to be moved. One
 * question reads each fact once for all rules; what is in memory is one batch of customers.
 */
import type { ClickHouseClient } from "@clickhouse/client";
import type { Kysely } from "kysely";
import type { Logger } from "pino";
import { z } from "zod";
import type { DB } from "../../db/tables.ts";
import type { Rule } from "../../domain/rules/rule.ts";
import { SegmentQuery } from "../rules/compile.ts";
import { leavesOf, needsRfm } from "../rules/leaves.ts";
import type { Population, RfmBounds, Surroundings } from "../rules/sources.ts";
import { ask, readBounds, readRange, refusalOf } from "./ask.ts";
import { type Definition, findNamedLists, writeFailed } from "./definitions.ts";
import { type Found, type Moved, writeMoves } from "./moves.ts";

export interface EvaluationDeps {
  readonly db: Kysely<DB>;
  readonly warehouse: ClickHouseClient;
  readonly log: Logger;
}

/** Customers looked at by one question, which bounds the memory on both sides. */
const customersAtOnce = 20_000;
/** Of all trees of one question; more are asked in further ones. */
const leavesAtOnce = 1_500;

const foundRow = z.object({ customer: z.string(), numbers: z.array(z.number()) });

/** What is around the customers of a pass: the bounds of the fifths are read once, and not before somebody needs them. */
export class PassContext {
  private bounds: Promise<RfmBounds> | undefined;

  async surroundings(
    { db, warehouse }: EvaluationDeps,
    projectId: string,
    rules: readonly Rule[],
    now: Date,
  ): Promise<Surroundings> {
    if (rules.some(needsRfm)) this.bounds ??= readBounds(warehouse, projectId);
    return {
      now: now.getTime(),
      rfm: await this.bounds,
      staticSegments: await findNamedLists(db, projectId, rules),
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
  const range = await readRange(deps.warehouse, from, customersAtOnce);
  if (range === undefined) return { customers: 0, upto: undefined, entered: 0, left: 0, failed: [] };
  const surroundings = await context.surroundings(
    deps,
    from.projectId,
    definitions.map(({ rules }) => rules),
    now,
  );
  const answers = new Map<string, number[]>();
  const failed: Definition[] = [];
  for (const group of grouped(definitions)) {
    failed.push(...(await collect(deps, group, surroundings, { ...from, upto: range.upto }, answers)));
  }
  const asked = definitions.filter((definition) => !failed.includes(definition));
  const found: Found[] = [...answers].map(([customer, numbers]) => ({ customer, numbers }));
  const moved = await writeMoves(deps.db, from.projectId, asked, found);
  return { customers: range.customers, upto: range.upto, ...moved, failed };
}

function grouped(definitions: readonly Definition[]): Definition[][] {
  const groups: Definition[][] = [];
  let leaves = 0;
  for (const definition of definitions) {
    const own = leavesOf(definition.rules).length;
    if (groups.length === 0 || leaves + own > leavesAtOnce) {
      groups.push([]);
      leaves = 0;
    }
    groups.at(-1)?.push(definition);
    leaves += own;
  }
  return groups;
}

/** @returns those that the warehouse refuses, found by halving: one that is too much must not stop the others. */
async function collect(
  deps: EvaluationDeps,
  definitions: readonly Definition[],
  surroundings: Surroundings,
  population: Population,
  answers: Map<string, number[]>,
): Promise<Definition[]> {
  const [first, ...others] = definitions;
  if (first === undefined) return [];
  try {
    const question = new SegmentQuery(surroundings).matches(definitions, population);
    for (const { customer, numbers } of await ask(deps.warehouse, question, foundRow)) {
      const known = answers.get(customer);
      if (known === undefined) answers.set(customer, numbers);
      else known.push(...numbers);
    }
    return [];
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined) throw error;
    if (others.length === 0) {
      // By its code alone: the text of the warehouse repeats what was asked.
      deps.log.warn({ segment: first.id, refusal }, "a segment cannot be evaluated");
      await writeFailed(deps.db, population.projectId, first, refusal, new Date(surroundings.now));
      return [first];
    }
    const half = Math.ceil(definitions.length / 2);
    return [
      ...(await collect(deps, definitions.slice(0, half), surroundings, population, answers)),
      ...(await collect(deps, definitions.slice(half), surroundings, population, answers)),
    ];
  }
}
