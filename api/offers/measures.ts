/** What the warehouse last said of a project's campaigns, as `measure.ts` wrote it down: margins, rates and holdouts. */
import type { Kysely } from "kysely";
import { LRUCache } from "lru-cache";
import type { DB } from "../db/tables.ts";
import type { Counts } from "./counts.ts";
import { type Incrementality, type MarginSums, shrink } from "./worth.ts";

export interface Measures {
  readonly project: MarginSums | undefined;
  readonly margins: ReadonlyMap<string, MarginSums>;
  readonly byTemplate: ReadonlyMap<string, Counts>;
  /** Of the campaigns with a holdout that says something; `common` is for the others. */
  readonly incremental: ReturnType<typeof shrink>;
}

/** More campaigns than that are not offered at once; the newest measures are kept. */
const subjectsMax = 5_000;

export const templateSubject = (template: string) => `template:${template}`;
export const projectSubject = "project";
const templatePrefix = templateSubject("");

const kept = new LRUCache<string, Measures>({ max: 1_000, ttl: 60_000 });

/** Up to a minute old: they are recomputed once an hour. */
export async function recentMeasures(db: Kysely<DB>, projectId: string): Promise<Measures> {
  const known = kept.get(projectId);
  if (known !== undefined) return known;
  const measures = await readMeasures(db, projectId);
  kept.set(projectId, measures);
  return measures;
}

export async function readMeasures(db: Kysely<DB>, projectId: string): Promise<Measures> {
  const rows = await db
    .selectFrom("offer_measure")
    .selectAll()
    .where("project_id", "=", projectId)
    .orderBy("subject", "desc")
    .limit(subjectsMax)
    .execute();
  const margins = new Map<string, MarginSums>();
  const byTemplate = new Map<string, Counts>();
  const measured = new Map<string, Incrementality>();
  for (const row of rows) {
    if (row.subject.startsWith(templatePrefix)) {
      const template = row.subject.slice(templatePrefix.length);
      byTemplate.set(template, { publications: row.publications_count, redemptions: row.redemptions_count });
      continue;
    }
    const { margin_orders_count: orders, margin_revenue_amount: revenueAmount, margin_amount: marginAmount } = row;
    if (orders > 0) margins.set(row.subject, { orders, revenueAmount, marginAmount });
    const { incremental_share: share, incremental_share_error: error } = row;
    if (share !== null && error !== null) measured.set(row.subject, { share, error });
  }
  const project = margins.get(projectSubject);
  return { project, margins, byTemplate, incremental: shrink(measured) };
}
