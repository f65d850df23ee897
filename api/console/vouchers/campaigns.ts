import type { Kysely } from "kysely";
import type { DB } from "../../db/tables.ts";

/** A list to choose from; longer ones are nobody's to read. */
const campaignsMax = 300;

export interface VoucherCampaign {
  readonly id: string;
  readonly name: string;
  readonly currency: string;
  readonly time_zone: string;
  readonly template: string | null;
}

/** The campaigns that vouchers may be of, by name; the newest, when there are too many. */
export async function voucherCampaigns(db: Kysely<DB>, projectId: string): Promise<VoucherCampaign[]> {
  const rows = await db
    .selectFrom("campaign")
    .select(["id", "name", "currency", "time_zone", "template"])
    .where("project_id", "=", projectId)
    .where("type", "=", "sub")
    .where("status", "<>", "archived")
    .orderBy("id", "desc")
    .limit(campaignsMax)
    .execute();
  return rows.sort((a, b) => a.name.localeCompare(b.name, "en"));
}
