/** The SQL of lists of publications. */
import { type Kysely, sql } from "kysely";
import type { DB } from "../db/tables.ts";
import { type PublicationRow, selectPublications } from "./rows.ts";

export function findPublication(db: Kysely<DB>, projectId: string, id: string): Promise<PublicationRow | undefined> {
  return selectPublications(db, projectId).where("p.id", "=", id).executeTakeFirst();
}

export interface PublicationFilter {
  readonly campaignId: string | undefined;
  readonly customer: string | undefined;
  readonly status: DB["publication"]["status"]["__select__"] | undefined;
  readonly from: string | undefined;
  /** Exclusive. */
  readonly to: string | undefined;
}

/** The instant as text: it has microseconds, which a Date has not. */
export type ListedPublication = PublicationRow & { readonly published_text: string };

/** Newest first, on `publication_by_time`, `publication_by_campaign_time` or `publication_by_customer`. */
export function listPublications(
  db: Kysely<DB>,
  projectId: string,
  filter: PublicationFilter,
  page: { readonly limit: number; readonly before: readonly [string, string] | undefined },
): Promise<ListedPublication[]> {
  const { campaignId, customer, status, from, to } = filter;
  const [at, id] = page.before ?? ["", ""];
  return selectPublications(db, projectId)
    .select(sql<string>`p.published_at::text`.as("published_text"))
    .$if(campaignId !== undefined, (q) => q.where("p.campaign_id", "=", campaignId ?? ""))
    .$if(customer !== undefined, (q) =>
      q.where("p.customer_id", "=", (eb) =>
        eb
          .selectFrom("customer as wanted")
          .select("wanted.id")
          .where("wanted.project_id", "=", projectId)
          .where("wanted.identifier", "=", customer ?? ""),
      ),
    )
    .$if(status !== undefined, (q) => q.where("p.status", "=", status ?? "published"))
    .$if(from !== undefined, (q) => q.where("p.published_at", ">=", sql<Date>`${from}::timestamptz`))
    .$if(to !== undefined, (q) => q.where("p.published_at", "<", sql<Date>`${to}::timestamptz`))
    .$if(page.before !== undefined, (q) => q.where(sql<boolean>`(p.published_at, p.id) < (${at}::timestamptz, ${id})`))
    .orderBy("p.published_at", "desc")
    .orderBy("p.id", "desc")
    .limit(page.limit)
    .execute();
}
