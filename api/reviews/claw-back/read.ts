import { type Kysely, type RawBuilder, sql } from "kysely";
import type { DB } from "../../db/tables.ts";
import type { Deps } from "../../deps.ts";
import { notFound } from "../../http/problem.ts";
import { totalsOf } from "./amounts.ts";
import { holds } from "./holds.ts";
import type { ClawBackWire } from "./schemas.ts";

type Step = DB["claw_back_step"] & { readonly target: string };

/** @throws Problem not_found */
export async function readClawBack({ db }: Pick<Deps, "db">, projectId: string, id: string): Promise<ClawBackWire> {
  const row = await findClawBack(db, projectId, id);
  if (row === undefined) throw notFound("claw-back");
  const steps = await readSteps(db, projectId, id);
  const undoes = row.status === "undoing" || row.status === "undone";
  const given = steps.filter((step) => step.outcome === "done" && step.undo !== "done" && step.undo !== "kept");
  return {
    id: row.id,
    review_id: row.review_id,
    scope: row.scope,
    status: row.status,
    created_at: row.created_at.toISOString(),
    created_by: { id: row.created_by, name: row.created_name },
    done_at: row.done_at?.toISOString() ?? null,
    undone_at: row.undone_at?.toISOString() ?? null,
    undone_by: row.undone_by === null ? null : { id: row.undone_by, name: row.undone_name },
    steps_count: undoes ? steps.filter((step) => step.undo !== null).length : steps.length,
    steps_done: steps.filter((step) => isOver(undoes ? step.undo : step.outcome)).length,
    steps_failed: steps.filter((step) => (undoes ? step.undo : step.outcome) === "failed").length,
    amounts: totalsOf(given),
    error: row.error,
    undo_leaves: row.status === "done" ? await readLeft(db, projectId, id) : [],
    steps: steps.map((step) => ({
      kind: step.kind,
      target: step.target,
      outcome: step.outcome,
      reason: step.reason,
      amount: step.amount,
      currency: step.currency,
      undo: step.undo,
      undo_reason: step.undo_reason,
      held_by: step.held_by,
      restored_as: step.restored_id,
    })),
  };
}

export function findClawBack(db: Kysely<DB>, projectId: string, id: string) {
  return db
    .selectFrom("claw_back")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .executeTakeFirst();
}

const isOver = (outcome: Step["outcome"] | Step["undo"]) => outcome !== null && outcome !== "pending";

async function readSteps(db: Kysely<DB>, projectId: string, id: string): Promise<Step[]> {
  const { rows } = await sql<Step>`
    select s.*, coalesce(c.identifier, v.code, s.target_id) as target
    from claw_back_step s
    left join customer c on s.kind = 'customer' and c.project_id = s.project_id and c.id = s.target_id
    left join voucher v on s.kind = 'voucher' and v.project_id = s.project_id and v.id = s.target_id
    where s.project_id = ${projectId} and s.claw_back_id = ${id} order by s.position`.execute(db);
  return rows;
}

/** What others decided about since, or hold. A redemption that cannot stand again is found out by trying. */
async function readLeft(db: Kysely<DB>, projectId: string, id: string): Promise<ClawBackWire["undo_leaves"]> {
  const held = (kind: Step["kind"], version: RawBuilder<unknown>) =>
    holds({ projectId, kind, target: sql.ref("s.target_id"), version, not: id });
  const { rows } = await sql<ClawBackWire["undo_leaves"][number]>`
    select kind, target, claw_back_id,
           case when claw_back_id is null then 'changed_meanwhile' else 'held_by_claw_back' end as because
    from (
      select s.position, s.kind, coalesce(c.identifier, v.code, s.target_id) as target,
             (s.kind = 'customer' and (not c.blocked or c.block_changes is distinct from s.version))
               or (s.kind = 'voucher' and (v.status <> 'disabled' or v.version is distinct from s.version)) as changed,
             case s.kind when 'customer' then ${held("customer", sql.ref("c.block_changes"))}
                         when 'voucher' then ${held("voucher", sql.ref("v.version"))}
                         else ${held("redemption", sql`null::int`)} end as claw_back_id
      from claw_back_step s
      left join customer c on s.kind = 'customer' and c.project_id = s.project_id and c.id = s.target_id
      left join voucher v on s.kind = 'voucher' and v.project_id = s.project_id and v.id = s.target_id
      where s.project_id = ${projectId} and s.claw_back_id = ${id} and s.outcome in ('done', 'held')
    ) one
    where changed or claw_back_id is not null order by position`.execute(db);
  return rows;
}
