/** Campaigns with single codes to hand out. */
import type pg from "pg";
import { newIds } from "../../api/ids.ts";
import type { TestProject } from "./app.ts";
import { setUpPromotion } from "./promotions.ts";

/** Its first voucher is single too, so that nothing of the campaign is for everybody. */
export async function setUpStock(
  pool: pg.Pool,
  project: TestProject,
  { count, sub }: { readonly count: number; readonly sub?: object },
): Promise<string> {
  const { campaignId, code } = await setUpPromotion(project, {
    voucher: { kind: "unique" },
    ...(sub === undefined ? {} : { sub }),
  });
  if (count === 0)
    await pool.query("delete from voucher where project_id = $1 and code = $2", [project.projectId, code]);
  if (count > 1) await addStock(pool, project, campaignId, count - 1);
  return campaignId;
}

export async function addStock(pool: pg.Pool, { projectId }: TestProject, campaignId: string, count: number) {
  await pool.query(
    `insert into voucher (project_id, id, code, campaign_id, kind, status, redemptions_max, created_at, updated_at)
     select $1, n.id, 'S' || upper(right(n.id, 16)), $2, 'unique', 'created', 1, now(), now() from unnest($3::text[]) n(id)`,
    [projectId, campaignId, newIds("vou", count)],
  );
}
