/** The single steps of a claw-back, and each taken back again. Each runs in a transaction of its own. */

import type { Selectable } from "kysely";
import { sql, type Transaction } from "kysely";
import { findCustomer } from "../../customers/find.ts";
import { upsertCustomer } from "../../customers/upsert.ts";
import type { DB } from "../../db/tables.ts";
import { restoreRedemption } from "../../redemptions/restore.ts";
import { rollBackWhole } from "../../redemptions/roll-back.ts";
import { disableVoucher, enableVoucher } from "../../vouchers/change.ts";

export type StepRow = Selectable<DB["claw_back_step"]>;
type Change = Partial<Omit<StepRow, "project_id" | "claw_back_id" | "position">>;

/** What a step came to, as columns of its row. */
export async function take(tx: Transaction<DB>, step: StepRow, at: Date): Promise<Change> {
  switch (step.kind) {
    case "customer":
      return block(tx, step, at);
    case "voucher":
      return disable(tx, step, at);
    case "redemption":
      return rollBack(tx, step, at);
  }
}

export async function undo(tx: Transaction<DB>, step: StepRow, at: Date): Promise<Change> {
  switch (step.kind) {
    case "customer":
      return unblock(tx, step, at);
    case "voucher":
      return enable(tx, step, at);
    case "redemption":
      return restore(tx, step, at);
  }
}

/** Locked: what is read of the customer next is what is changed, and an erasure does not rename them in between. */
async function identifierOf(tx: Transaction<DB>, step: StepRow): Promise<string | undefined> {
  const row = await tx
    .selectFrom("customer")
    .select("identifier")
    .where("project_id", "=", step.project_id)
    .where("id", "=", step.target_id)
    .forUpdate()
    .executeTakeFirst();
  return row?.identifier;
}

async function block(tx: Transaction<DB>, step: StepRow, at: Date): Promise<Change> {
  const identifier = await identifierOf(tx, step);
  if (identifier === undefined) return { outcome: "unchanged", reason: "There is no such customer any more." };
  const before = await findCustomer(tx, step.project_id, identifier);
  if (before?.blocked === true) return { outcome: "unchanged", reason: "Blocked before." };
  await upsertCustomer(tx, step.project_id, identifier, { blocked: true }, at);
  return { outcome: "done" };
}

async function unblock(tx: Transaction<DB>, step: StepRow, at: Date): Promise<Change> {
  const identifier = await identifierOf(tx, step);
  if (identifier === undefined) return { undo: "unchanged", undo_reason: "There is no such customer any more." };
  const { outcome } = await upsertCustomer(tx, step.project_id, identifier, { blocked: false }, at);
  return outcome === "unchanged" ? { undo: "unchanged", undo_reason: "Unblocked meanwhile." } : { undo: "done" };
}

async function voucherOf(tx: Transaction<DB>, step: StepRow) {
  return tx
    .selectFrom("voucher")
    .select(["code", "status", "version"])
    .where("project_id", "=", step.project_id)
    .where("id", "=", step.target_id)
    .forUpdate()
    .executeTakeFirst();
}

async function disable(tx: Transaction<DB>, step: StepRow, at: Date): Promise<Change> {
  const before = await voucherOf(tx, step);
  if (before === undefined) return { outcome: "unchanged", reason: "There is no such voucher any more." };
  if (before.status === "disabled") return { outcome: "unchanged", reason: "Disabled before." };
  await disableVoucher(tx, step.project_id, before.code, at);
  return { outcome: "done", version: (await voucherOf(tx, step))?.version ?? null };
}

async function enable(tx: Transaction<DB>, step: StepRow, at: Date): Promise<Change> {
  const now = await voucherOf(tx, step);
  if (now === undefined) return { undo: "unchanged", undo_reason: "There is no such voucher any more." };
  if (now.status !== "disabled") return { undo: "unchanged", undo_reason: "Enabled meanwhile." };
  // Whoever changed it since wants it as it is.
  if (now.version !== step.version) return { undo: "failed", undo_reason: "changed_meanwhile" };
  await enableVoucher(tx, step.project_id, now.code, at);
  return { undo: "done" };
}

async function rollBack(tx: Transaction<DB>, step: StepRow, at: Date): Promise<Change> {
  const request = { projectId: step.project_id, at, reason: `claw-back ${step.claw_back_id}` };
  const rollback = await rollBackWhole(tx, request, step.target_id);
  if (rollback === undefined) return { outcome: "unchanged", reason: "Rolled back before." };
  await sql`
    select audit(${step.project_id}, 'redemption', ${step.target_id}, 'rolled_back', null, ${JSON.stringify({
      id: step.target_id,
      rollback_id: rollback.id,
      claw_back_id: step.claw_back_id,
      discount_amount: rollback.discountAmount,
    })}::jsonb)`.execute(tx);
  return { outcome: "done", rollback_id: rollback.id, amount: rollback.discountAmount, currency: rollback.currency };
}

async function restore(tx: Transaction<DB>, step: StepRow, at: Date): Promise<Change> {
  const { project_id: projectId, target_id: redemptionId, rollback_id: rollbackId } = step;
  if (rollbackId === null) throw new Error("a redemption was rolled back without a rollback");
  const restored = await restoreRedemption(tx, { projectId, redemptionId, rollbackId, at });
  if (restored.outcome === "refused") return { undo: "failed", undo_reason: restored.reason };
  await sql`
    select audit(${projectId}, 'redemption', ${restored.redemptionId}, 'restored', null, ${JSON.stringify({
      id: restored.redemptionId,
      restores: redemptionId,
      claw_back_id: step.claw_back_id,
    })}::jsonb)`.execute(tx);
  await tx
    .updateTable("review")
    .set({ redemption_id: restored.redemptionId, updated_at: at })
    .where("project_id", "=", projectId)
    .where("redemption_id", "=", redemptionId)
    .execute();
  return { undo: "done", restored_id: restored.redemptionId };
}
