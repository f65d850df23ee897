/** Whether codes of a pattern can be guessed, with the numbers. */
import { type Kysely, sql } from "kysely";
import type { DB } from "../db/tables.ts";
import { type CodePattern, patternBits, patternCapacity } from "../domain/codes.ts";
import { invalid } from "../http/problem.ts";
import type { BatchInput } from "./schemas.ts";

/** A guess must hit one code in 2^40 at most: at a thousand guesses a second, one in 35 years. */
const guessBits = 40;
/** Without that, a pattern must still have so many codes for each one that is made. */
const codesPerVoucher = 100;
const codeLengthMax = 64;

/** @throws Problem `invalid_request` when the codes are too long, or too few for what they are worth. */
export async function refuseGuessable(
  db: Kysely<DB>,
  projectId: string,
  pattern: CodePattern,
  { size, weak_pattern }: BatchInput,
  kind: DB["voucher"]["kind"],
): Promise<void> {
  refuseLong(pattern, "/pattern/length");
  refuseNarrow(pattern, size);
  if (kind === "gift_card" && weak_pattern === "accept") {
    throw invalid("/weak_pattern", "Gift cards are money: their codes are never weak.");
  }
  // A generic code is meant to be passed on: who knows it need not have guessed it.
  if (kind !== "generic" && weak_pattern !== "accept") refuseWeak(pattern, size, await liveCodes(db, projectId));
}

/** A campaign that grows without an end is judged as if it grew to so many. */
const grownCount = 1_000_000;

/** The same of codes that will be made as they are needed. It does not change with what the project has by then. */
export function refuseGuessableGrowth(pattern: CodePattern, max: number | undefined, pointer: string): void {
  refuseLong(pattern, pointer);
  const needed = guessBits + Math.log2(Math.max(max ?? grownCount, 1));
  const bits = patternBits(pattern);
  if (bits >= needed) return;
  const enough = Math.ceil(needed / (bits / pattern.length));
  throw invalid(
    pointer,
    `A code of the pattern has ${bits.toFixed(1)} bits; for ${max ?? grownCount} vouchers it needs ${needed.toFixed(1)}, so that one guess in 2^${guessBits} hits at most: length ${enough}.`,
  );
}

function refuseLong(pattern: CodePattern, pointer: string): void {
  const length = (pattern.prefix?.length ?? 0) + pattern.length + (pattern.suffix?.length ?? 0);
  if (length <= codeLengthMax) return;
  throw invalid(pointer, `A code has at most ${codeLengthMax} characters, this pattern makes ${length}.`);
}

function refuseNarrow(pattern: CodePattern, size: number): void {
  const capacity = patternCapacity(pattern);
  const needed = BigInt(size) * BigInt(codesPerVoucher);
  if (capacity >= needed) return;
  const bits = patternBits(pattern).toFixed(1);
  const neededBits = Math.log2(Number(needed)).toFixed(1);
  throw invalid(
    "/pattern/length",
    `The pattern has ${capacity} codes (${bits} bits); ${size} vouchers need one of at least ${needed} (${neededBits} bits), ${codesPerVoucher} codes for each.`,
  );
}

function refuseWeak(pattern: CodePattern, size: number, live: number): void {
  const bits = patternBits(pattern);
  const needed = Math.log2(live + size) + guessBits;
  if (bits >= needed) return;
  const enough = Math.ceil(needed / (bits / pattern.length));
  throw invalid(
    "/pattern/length",
    `A code of the pattern has ${bits.toFixed(1)} bits; with ${live} codes in the project and ${size} more it needs ${needed.toFixed(1)}, so that one guess in 2^${guessBits} hits at most: length ${enough}. Or say weak_pattern: "accept".`,
  );
}

/** Counted up to here; beyond it, what batches and imports say they made. Twice as many codes is one bit. */
const countedMax = 100_000;

async function liveCodes(db: Kysely<DB>, projectId: string): Promise<number> {
  const { rows } = await sql<{ live: number }>`
    select greatest(
      (select count(*) from (select from voucher where project_id = ${projectId} limit ${countedMax}) counted),
      (select coalesce(sum(size), 0) from voucher_batch where project_id = ${projectId} and status in ('running', 'done'))
      + (select coalesce(sum(imported), 0) from voucher_import where project_id = ${projectId})
    )::bigint as live
  `.execute(db);
  return rows[0]?.live ?? 0;
}
