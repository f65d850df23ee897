/** The comparison of both stores while nobody rewrites stored events under it. */
import { setTimeout as pause } from "node:timers/promises";
import type pg from "pg";
import {
  type Comparison,
  deliveredMs,
  NotComparable,
  type Reconciliation,
  reconcileOn,
} from "../../warehouse/reconcile.ts";
import { warehouseRewriteLock } from "../locks.ts";
import { tryLockShared, unlockShared } from "../session.ts";

/** @throws NotComparable when the relay is too far behind, or stored events are being rewritten for too long. */
export async function compareStores(client: pg.ClientBase, comparison: Comparison): Promise<Reconciliation> {
  const deadline = Date.now() + (comparison.waitMs ?? deliveredMs);
  while (!(await tryLockShared(client, warehouseRewriteLock))) {
    if (Date.now() > deadline) throw new NotComparable("stored events are being rewritten, or backed up");
    await pause(100);
  }
  try {
    return await reconcileOn(client, comparison);
  } finally {
    // When the session is broken, the lock went with it.
    await unlockShared(client, warehouseRewriteLock).catch(() => undefined);
  }
}
