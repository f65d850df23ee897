/** Writes down what a claw-back is to do; `work.ts` does it. */
import { sql, type Transaction } from "kysely";
import type { DB } from "../../db/tables.ts";
import { Problem } from "../../http/problem.ts";
import { newId } from "../../ids.ts";
import type { Actor } from "../actor.ts";
import { note, type Reviewer, type ReviewRow } from "../rows.ts";
import { type Accounts, digestOf, findTargets, type Scope, type Targets } from "./targets.ts";

interface Begin {
  readonly scope: Scope;
  readonly linked: Accounts;
  /** Of the preview; undefined: what is found now, whatever it is. */
  readonly digest: string | undefined;
  readonly actor: Actor;
  readonly reviewer: Reviewer;
  readonly now: Date;
}

/**
 * Inside the transaction that holds the review, which is confirmed.
 *
 * @returns its id. @throws Problem preview_changed
 */
export async function beginClawBack(tx: Transaction<DB>, review: ReviewRow, begin: Begin): Promise<string> {
  const { scope, actor, reviewer, now } = begin;
  const targets = await findTargets(tx, review, scope, begin.linked);
  const digest = digestOf(scope, targets);
  if (begin.digest !== undefined && begin.digest !== digest) {
    throw new Problem("preview_changed", "Something changed since the preview. Look at it again.", {
      extensions: { digest },
    });
  }
  const id = newId("clw");
  await tx
    .insertInto("claw_back")
    .values({
      project_id: review.project_id,
      id,
      review_id: review.id,
      scope,
      status: "running",
      created_by: reviewer.id,
      created_name: reviewer.name,
      created_request: actor.requestId,
      created_at: now,
    })
    .execute();
  await insertSteps(tx, review.project_id, id, targets);
  await tx
    .updateTable("review")
    .set({ claw_back_id: id, updated_at: now })
    .where("project_id", "=", review.project_id)
    .where("id", "=", review.id)
    .execute();
  const data = {
    claw_back_id: id,
    scope,
    ...countsOf(targets),
  };
  await note(tx, review, { kind: "claw_back_started", by: reviewer, data, at: now });
  return id;
}

/** What is left to take; what is held besides has been taken. */
function countsOf({ redemptions, vouchers, customers }: Targets) {
  const count = (all: readonly { readonly held_by: string | null }[]) =>
    all.filter((one) => one.held_by === null).length;
  return { redemptions: count(redemptions), vouchers: count(vouchers), customers: count(customers) };
}

/** Who is blocked first does nothing more meanwhile. */
async function insertSteps(tx: Transaction<DB>, projectId: string, id: string, targets: Targets): Promise<void> {
  const steps = [
    ...targets.customers.map((one) => ({ kind: "customer", id: one.id })),
    ...targets.vouchers.map((one) => ({ kind: "voucher", id: one.id })),
    ...targets.redemptions.map((one) => ({ kind: "redemption", id: one.id })),
  ];
  await sql`
    insert into claw_back_step (project_id, claw_back_id, position, kind, target_id, outcome)
    select ${projectId}, ${id}, s.position, s.kind, s.target_id, 'pending'
    from unnest(${steps.map((step) => step.kind)}::text[], ${steps.map((step) => step.id)}::text[])
      with ordinality as s(kind, target_id, position)`.execute(tx);
}
