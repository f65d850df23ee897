/** How many rows the next chunk of an import has. A chunk that the database refuses is cut, down to the row at fault. */
import type { ImportTask } from "./chunk.ts";

/** A redemption is decided on its own, and a batch of them keeps below 64 sub-transactions. */
const sizeOf = { customers: 1_000, orders: 1_000, events: 1_000, redemptions: 48 } as const;

interface Cut {
  size: number;
  /** Why the one row of the next chunk is left out. */
  refused: string | null;
}

export class ChunkSizes {
  readonly #cut = new Map<string, Cut>();

  of(task: ImportTask): Readonly<Cut> {
    return this.#cut.get(task.id) ?? { size: sizeOf[task.kind], refused: null };
  }

  /**
   * @param reason why the row is left out, once it stands alone; null when no row is at fault.
   * @returns whether the import may go on.
   */
  shrink(task: ImportTask, reason: string | null): boolean {
    const { size, refused } = this.of(task);
    // It fails also without the row: something else is wrong.
    if (refused !== null || (reason === null && size === 1)) return false;
    this.#cut.set(task.id, size > 1 ? { size: Math.ceil(size / 4), refused: null } : { size, refused: reason });
    return true;
  }

  grow(task: ImportTask, ended: boolean): void {
    const cut = this.#cut.get(task.id);
    if (cut === undefined) return;
    cut.refused = null;
    cut.size *= 4;
    if (ended || cut.size >= sizeOf[task.kind]) this.#cut.delete(task.id);
  }
}
