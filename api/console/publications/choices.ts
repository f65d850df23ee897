/** What an order of a publication offers to choose from, beside its campaign. */
import type { Kysely } from "kysely";
import type { DB } from "../../db/tables.ts";
import type { Named } from "../names.ts";

/** Of one list: several of them are on a page of less than 100 KB. */
const optionsMax = 60;

export interface OrderChoices {
  readonly segments: readonly Named[];
  readonly channels: readonly Named[];
  readonly templates: readonly Named[];
  /** More than is shown of one of them. */
  readonly hasMore: boolean;
}

/** The newest, by name. @param segmentId is among the segments, however old it is. */
export async function orderChoices(
  db: Kysely<DB>,
  projectId: string,
  segmentId: string | undefined,
): Promise<OrderChoices> {
  const segmentsOf = db
    .selectFrom("segment")
    .select(["id", "name"])
    .where("project_id", "=", projectId)
    .where("deleting_at", "is", null);
  const newest = (table: "channel" | "template") =>
    db
      .selectFrom(table)
      .select(["id", "name", "kind"])
      .where("project_id", "=", projectId)
      .where("deleted_at", "is", null)
      .orderBy("id", "desc")
      .limit(optionsMax + 1)
      .execute();
  const [segments, channels, templates] = await Promise.all([
    segmentsOf
      .orderBy("id", "desc")
      .limit(optionsMax + 1)
      .execute(),
    newest("channel"),
    newest("template"),
  ]);
  const hasMore = [segments, channels, templates].some(({ length }) => length > optionsMax);
  const offered = segments.slice(0, optionsMax);
  if (segmentId !== undefined && !offered.some(({ id }) => id === segmentId)) {
    offered.push(...(await segmentsOf.where("id", "=", segmentId.slice(0, 100)).execute()));
  }
  return { segments: byName(offered), channels: withKind(channels), templates: withKind(templates), hasMore };
}

function withKind(rows: readonly (Named & { readonly kind: string })[]): Named[] {
  return byName(rows.slice(0, optionsMax).map(({ id, name, kind }) => ({ id, name: `${kind}: ${name}` })));
}

function byName(rows: readonly Named[]): Named[] {
  return [...rows].sort((a, b) => a.name.localeCompare(b.name, "en"));
}
