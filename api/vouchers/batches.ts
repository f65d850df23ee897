/** Batches of vouchers: ordered here, made by `batch-worker.ts`. */
import type { Kysely, Selectable, Transaction } from "kysely";
import type { DB } from "../db/tables.ts";
import { type CodePattern, normalizeCode, patternBits, patternCapacity } from "../domain/codes.ts";
import { invalid } from "../http/problem.ts";
import { newId } from "../ids.ts";
import { holdVoucherCampaign } from "./create.ts";
import { type BatchInput, type BatchWire, batchTemplate, patternSchema } from "./schemas.ts";

export type BatchRow = Selectable<DB["voucher_batch"]>;

/** A pattern must have so many codes for each one that is made: fewer, and a guess hits too easily. */
const codesPerVoucher = 100;
const codeLengthMax = 64;

/** @throws Problem `invalid_request` when the pattern is too small, with the numbers. */
export async function createBatch(
  tx: Transaction<DB>,
  projectId: string,
  campaignId: string,
  input: BatchInput,
  at: Date,
): Promise<BatchWire> {
  const pattern = normalizedPattern(input.pattern);
  refuseNarrow(pattern, input.size);
  await holdVoucherCampaign(tx, projectId, campaignId);
  const kind = input.kind ?? "unique";
  const template = {
    kind,
    redemptions_max: input.redemptions_max ?? (kind === "unique" ? 1 : null),
    starts_at: input.starts_at ?? null,
    expires_at: input.expires_at ?? null,
    metadata: input.metadata ?? {},
  };
  const row = await tx
    .insertInto("voucher_batch")
    .values({
      project_id: projectId,
      id: newId("bat"),
      campaign_id: campaignId,
      size: input.size,
      pattern: JSON.stringify(pattern),
      template: JSON.stringify(template),
      status: "running",
      created_at: at,
      updated_at: at,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return batchToWire(row);
}

/** Affixes in the one spelling that look-up uses; the schema has made sure that they have one. */
function normalizedPattern({ prefix, suffix, charset, length }: BatchInput["pattern"]): CodePattern {
  return {
    charset,
    length,
    ...(prefix !== undefined && { prefix: normalizeCode(prefix) ?? prefix }),
    ...(suffix !== undefined && { suffix: normalizeCode(suffix) ?? suffix }),
  };
}

function refuseNarrow(pattern: CodePattern, size: number): void {
  const length = (pattern.prefix?.length ?? 0) + pattern.length + (pattern.suffix?.length ?? 0);
  if (length > codeLengthMax) {
    throw invalid("/pattern/length", `A code has at most ${codeLengthMax} characters, this pattern makes ${length}.`);
  }
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

export function findBatch(db: Kysely<DB>, projectId: string, id: string): Promise<BatchRow | undefined> {
  return db
    .selectFrom("voucher_batch")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .executeTakeFirst();
}

export function batchToWire(row: BatchRow): BatchWire {
  const template = batchTemplate.parse(row.template);
  return {
    id: row.id,
    campaign_id: row.campaign_id,
    status: row.status,
    size: row.size,
    done: row.done,
    pattern: patternSchema.parse(row.pattern),
    ...template,
    error: row.error,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}
