/** The single steps of a claw-back, and each taken back again. Each runs in a transaction of its own. */

import { sql, type Transaction } from "kysely";
import { upsertCustomer } from "../../customers/upsert.ts";
import type { DB } from "../../db/tables.ts";
import { restoreRedemption } from "../../redemptions/restore.ts";
import { rollBackWhole } from "../../redemptions/roll-back.ts";
import { disableVoucher, enableVoucher } from "../../vouchers/change.ts";
import { holderOf, keep, lockTarget, type StepRow } from "./holds.ts";

type Change = Partial<Omit<StepRow, "project_id" | "claw_back_id" | "position">>;

/** What a step came to, as columns of its row. */
export async function take(tx: Transaction<DB>, step: StepRow, at: Date): Promise<Change> {
  await lockTarget(tx, step);
  switch (step.kind) {
    case "customer":
      return block(tx, step, at);
    case "voucher":
      return disable(tx, step, at);
    case "redemption":
      return rollBack(tx, step, at);
  }
}

/** Not what somebody else wants as it is. */
export async function undo(tx: Transaction<DB>, listed: StepRow, at: Date): Promise<Change> {
  const step = await lockTarget(tx, listed);
  switch (step.kind) {
    case "customer":
      return unblock(tx, step, at);
    case "voucher":
      return enable(tx, step, at);
    case "redemption":
      return (await keep(tx, step, null, at)) ?? restore(tx, step, at);
  }
}

/** It was so before: by another claw-back, which holds it, or by a person. */
async function found(tx: Transaction<DB>, step: StepRow, version: number | null, reason: string): Promise<Change> {
  const holder = await holderOf(tx, step, version);
  return holder === undefined ? { outcome: "unchanged", reason } : { outcome: "held", held_by: holder, version };
}

/** Locked: what is read of the customer is what is changed, and an erasure does not rename them in between. */
function customerOf(tx: Transaction<DB>, step: StepRow) {
  return tx
    .selectFrom("customer")
    .select(["identifier", "blocked", "block_changes"])
    .where("project_id", "=", step.project_id)
    .where("id", "=", step.target_id)
    .forUpdate()
    .executeTakeFirst();
}

async function block(tx: Transaction<DB>, step: StepRow, at: Date): Promise<Change> {
  const before = await customerOf(tx, step);
  if (before === undefined) return { outcome: "unchanged", reason: "There is no such customer any more." };
  if (before.blocked) return found(tx, step, before.block_changes, "Blocked before.");
  await upsertCustomer(tx, step.project_id, before.identifier, { blocked: true }, at);
  return { outcome: "done", version: (await customerOf(tx, step))?.block_changes ?? null };
}

async function unblock(tx: Transaction<DB>, step: StepRow, at: Date): Promise<Change> {
  const now = await customerOf(tx, step);
  if (now === undefined) return { undo: "unchanged", undo_reason: "There is no such customer any more." };
  if (!now.blocked) return { undo: "unchanged", undo_reason: "Unblocked meanwhile." };
  const kept = await keep(tx, step, now.block_changes, at);
  if (kept !== undefined) return kept;
  await upsertCustomer(tx, step.project_id, now.identifier, { blocked: false }, at);
  return { undo: "done" };
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
  if (before.status === "disabled") return found(tx, step, before.version, "Disabled before.");
  await disableVoucher(tx, step.project_id, before.code, at);
  return { outcome: "done", version: (await voucherOf(tx, step))?.version ?? null };
}

async function enable(tx: Transaction<DB>, step: StepRow, at: Date): Promise<Change> {
  const now = await voucherOf(tx, step);
  if (now === undefined) return { undo: "unchanged", undo_reason: "There is no such voucher any more." };
  if (now.status !== "disabled") return { undo: "unchanged", undo_reason: "Enabled meanwhile." };
  const kept = await keep(tx, step, now.version, at);
  if (kept !== undefined) return kept;
  await enableVoucher(tx, step.project_id, now.code, at);
  return { undo: "done" };
}

async function rollBack(tx: Transaction<DB>, step: StepRow, at: Date): Promise<Change> {
  const request = { projectId: step.project_id, at, reason: `claw-back ${step.claw_back_id}` };
  const rollback = await rollBackWhole(tx, request, step.target_id);
  if (rollback === undefined) return found(tx, step, null, "Rolled back before.");
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
