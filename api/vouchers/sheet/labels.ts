/** What is printed of vouchers. */
import type { Kysely } from "kysely";
import type { DB } from "../../db/tables.ts";
import { normalizeCode } from "../../domain/codes.ts";
import { invalid, Problem } from "../../http/problem.ts";
import type { Label } from "./draw.ts";
import { codesPerPart } from "./schemas.ts";

/** Vouchers read at once. */
const blockSize = 100;

function selectLabels(db: Kysely<DB>, projectId: string) {
  return db
    .selectFrom("voucher as v")
    .innerJoin("campaign as c", (join) =>
      join.onRef("c.project_id", "=", "v.project_id").onRef("c.id", "=", "v.campaign_id"),
    )
    .select(["v.id", "v.code", "v.status", "v.expires_at", "c.name", "c.time_zone", "c.ends_at"])
    .select("c.customer_information as information")
    .where("v.project_id", "=", projectId);
}

type LabelRow = Awaited<ReturnType<ReturnType<typeof selectLabels>["execute"]>>[number];

function toLabel(row: LabelRow): Label {
  return { code: row.code, campaign: row.name, validity: validity(row), information: row.information };
}

/** The earlier of the voucher's end and the campaign's, in the campaign's time zone; the instant itself is outside. */
function validity({ expires_at, ends_at, time_zone }: LabelRow): string | null {
  const ends = [expires_at, ends_at].filter((end) => end !== null).map((end) => end.getTime());
  if (ends.length === 0) return null;
  const format = new Intl.DateTimeFormat("en-GB", {
    dateStyle: "medium",
    timeStyle: "short",
    timeZone: time_zone,
  });
  return `Valid until ${format.format(Math.min(...ends))} (${time_zone})`;
}

export interface Part {
  readonly labels: () => Promise<readonly Label[] | undefined>;
  /** Whether there is another part after this one. */
  readonly more: boolean;
}

/**
 * A part of a batch, in the order in which its vouchers were made. Vouchers that are disabled or used up have no label,
 * and keep their place: each part names the same vouchers whenever it is asked for.
 *
 * @returns undefined past the last part.
 */
export async function labelsOfBatch(
  db: Kysely<DB>,
  projectId: string,
  batchId: string,
  part: number,
): Promise<Part | undefined> {
  const idAt = (offset: number) =>
    db
      .selectFrom("voucher")
      .select("id")
      .where("project_id", "=", projectId)
      .where("batch_id", "=", batchId)
      .orderBy("id")
      .offset(offset)
      .limit(1)
      .executeTakeFirst();
  const [first, next] = await Promise.all([idAt((part - 1) * codesPerPart), idAt(part * codesPerPart)]);
  if (first === undefined && part > 1) return undefined;
  let from: string | undefined = first?.id;
  let inclusive = true;
  const labels = async () => {
    if (from === undefined) return undefined;
    const rows = await selectLabels(db, projectId)
      .where("v.batch_id", "=", batchId)
      .where("v.id", inclusive ? ">=" : ">", from)
      .$if(next !== undefined, (query) => query.where("v.id", "<", next?.id ?? ""))
      .orderBy("v.id")
      .limit(blockSize)
      .execute();
    inclusive = false;
    from = rows.length === blockSize ? rows.at(-1)?.id : undefined;
    return rows.filter((row) => row.status === "created" || row.status === "distributed").map(toLabel);
  };
  return { labels, more: next !== undefined };
}

/**
 * Of these codes, in this order, whatever their status: who names a code wants it.
 *
 * @throws Problem 404 that names the first code that does not exist.
 */
export async function labelsOfCodes(
  db: Kysely<DB>,
  projectId: string,
  codes: readonly string[],
): Promise<Part["labels"]> {
  const wanted = codes.map((code, index) => {
    const normal = normalizeCode(code);
    if (normal === null) throw invalid(`/codes/${index}`, "This text cannot be a code.");
    return normal;
  });
  const rows = await selectLabels(db, projectId)
    .where("v.code", "in", [...new Set(wanted)])
    .execute();
  const byCode = new Map(rows.map((row) => [row.code, toLabel(row)]));
  const found = wanted.map((code, index) => {
    const label = byCode.get(code);
    const detail = "There is no such voucher.";
    if (!label) throw new Problem("not_found", detail, { errors: [{ pointer: `/codes/${index}`, detail }] });
    return label;
  });
  let at = 0;
  return async () => {
    const block = found.slice(at, at + blockSize);
    at += blockSize;
    return block.length === 0 ? undefined : block;
  };
}
