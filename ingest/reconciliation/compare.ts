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
import { isAwaited, tryLockShared, unlockShared } from "../session.ts";

/** @throws NotComparable when the relay is too far behind, or stored events are being rewritten for too long. */
export async function compareStores(client: pg.ClientBase, comparison: Comparison): Promise<Reconciliation> {
  const deadline = Date.now() + (comparison.waitMs ?? deliveredMs);
  while (!(await tryLockShared(client, warehouseRewriteLock))) {
    if (Date.now() > deadline) throw new NotComparable("stored events are being rewritten, or backed up");
    await pause(100);
  }
  try {
    // Relays wait behind an erasure that waits for us: a comparison of everything must not hold up both for minutes.
    const beforeEach = async () => {
      if (await isAwaited(client, warehouseRewriteLock)) throw new NotComparable("gave way to an erasure");
    };
    return await reconcileOn(client, { ...comparison, beforeEach });
  } finally {
    // When the session is broken, the lock went with it.
    await unlockShared(client, warehouseRewriteLock).catch(() => undefined);
  }
}
