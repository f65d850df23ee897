/** The project's settings of offers, as they are stored. */
import type { Kysely } from "kysely";
import type { DB } from "../db/tables.ts";
import { defaultSettings, type OfferPolicy, type OfferPolicySettings, offerPolicySettings } from "./policy.ts";

export async function readPolicy(db: Kysely<DB>, projectId: string): Promise<OfferPolicy> {
  const row = await db
    .selectFrom("offer_policy")
    .select(["version", "settings"])
    .where("project_id", "=", projectId)
    .executeTakeFirst();
  if (row === undefined) return { version: 0, settings: defaultSettings };
  return { version: row.version, settings: offerPolicySettings.parse(row.settings) };
}

/** The same settings again change nothing, so that a comparison of the arms goes on. */
export async function changePolicy(
  tx: Kysely<DB>,
  projectId: string,
  settings: OfferPolicySettings,
  at: Date,
): Promise<OfferPolicy> {
  await tx
    .insertInto("offer_policy")
    .values({ project_id: projectId, version: 1, settings: JSON.stringify(settings), updated_at: at })
    .onConflict((conflict) =>
      conflict
        .column("project_id")
        .doUpdateSet((eb) => ({
          version: eb("offer_policy.version", "+", 1),
          settings: eb.ref("excluded.settings"),
          updated_at: eb.ref("excluded.updated_at"),
        }))
        .where((eb) => eb("offer_policy.settings", "is distinct from", eb.ref("excluded.settings"))),
    )
    .execute();
  return readPolicy(tx, projectId);
}
