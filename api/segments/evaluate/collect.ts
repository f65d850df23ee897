/** Asks the warehouse who of some customers fits which segments, and finds out whose fault it is when it refuses. */
import type { ClickHouseClient } from "@clickhouse/client";
import { z } from "zod";
import { SegmentQuery } from "../rules/compile.ts";
import { leavesOf } from "../rules/leaves.ts";
import type { Population, Surroundings } from "../rules/sources.ts";
import { ask, isTooMuch, refusalOf } from "./ask.ts";
import type { Definition } from "./definitions.ts";

/** Of all trees of one question; more are asked in further ones. */
const leavesAtOnce = 1_500;
/** Of a question that looks for whose fault it is. */
const probeSeconds = 10;

const foundRow = z.object({ customer: z.string(), numbers: z.array(z.number()) });

/** Fewer customers at once may be answered: nobody's fault yet. */
export class TooManyCustomers extends Error {}

/** The warehouse does not even answer a question that asks nothing: no rule's fault. */
export class WarehouseBusy extends Error {}

export interface Answers {
  /** By customer, the numbers of the segments that they fit. */
  readonly fits: Map<string, number[]>;
  readonly failed: readonly { readonly definition: Definition; readonly refusal: string }[];
}

interface Asked {
  readonly surroundings: Surroundings;
  readonly population: Population;
  /** Whether fewer customers could be asked about. */
  readonly canShrink: boolean;
}

/** @throws TooManyCustomers | WarehouseBusy | ClickHouseError */
export async function collect(
  warehouse: ClickHouseClient,
  definitions: readonly Definition[],
  asked: Asked,
): Promise<Answers> {
  const fits = new Map<string, number[]>();
  const failed: { definition: Definition; refusal: string }[] = [];
  for (const group of grouped(definitions)) {
    const seconds = group[0]?.failedAt == null ? undefined : probeSeconds;
    failed.push(...(await askGroup(warehouse, group, asked, fits, seconds)));
  }
  return { fits, failed };
}

/** Those that were refused before are asked each alone: the others need not be asked twice for them again. */
function grouped(definitions: readonly Definition[]): Definition[][] {
  const groups: Definition[][] = [];
  let leaves = 0;
  for (const definition of definitions.filter(({ failedAt }) => failedAt === null)) {
    const own = leavesOf(definition.rules).length;
    if (groups.length === 0 || leaves + own > leavesAtOnce) {
      groups.push([]);
      leaves = 0;
    }
    groups.at(-1)?.push(definition);
    leaves += own;
  }
  const suspects = definitions.filter(({ failedAt }) => failedAt !== null);
  return [...groups, ...suspects.map((definition) => [definition])];
}

/** @returns those that the warehouse refuses, found by halving: one that is too much must not stop the others. */
async function askGroup(
  warehouse: ClickHouseClient,
  definitions: readonly Definition[],
  asked: Asked,
  fits: Map<string, number[]>,
  secondsMax?: number,
): Promise<{ definition: Definition; refusal: string }[]> {
  const [first, ...others] = definitions;
  if (first === undefined) return [];
  try {
    const question = new SegmentQuery(asked.surroundings).matches(definitions, asked.population);
    for (const { customer, numbers } of await ask(warehouse, question, foundRow, secondsMax)) {
      const known = fits.get(customer);
      if (known === undefined) fits.set(customer, numbers);
      else known.push(...numbers);
    }
    return [];
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined) throw error;
    if (isTooMuch(refusal) && asked.canShrink && first.failedAt === null) throw new TooManyCustomers();
    if (others.length === 0) {
      if (isTooMuch(refusal)) await requireAnswer(warehouse, first, asked);
      return [{ definition: first, refusal }];
    }
    const half = Math.ceil(definitions.length / 2);
    return [
      ...(await askGroup(warehouse, definitions.slice(0, half), asked, fits, probeSeconds)),
      ...(await askGroup(warehouse, definitions.slice(half), asked, fits, probeSeconds)),
    ];
  }
}

/** That the warehouse answers a rule that asks nothing, of the same customers. */
async function requireAnswer(
  warehouse: ClickHouseClient,
  { number }: Definition,
  { surroundings, population }: Asked,
): Promise<void> {
  try {
    const nothing = new SegmentQuery(surroundings).matches([{ number, rules: { all: [] } }], population);
    await ask(warehouse, nothing, foundRow, probeSeconds);
  } catch (error) {
    if (refusalOf(error) === undefined) throw error;
    throw new WarehouseBusy("The warehouse does not answer questions about segments in time.", { cause: error });
  }
}
