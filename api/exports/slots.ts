/** How many downloads may run at once in this process: each holds a connection to the warehouse for as long as it takes. */
import { Problem } from "../http/problem.ts";

export interface Slots {
  /**
   * @returns gives the slot back; calling it again does nothing.
   * @throws Problem 503 with Retry-After when none is free.
   */
  take(projectId: string): () => void;
}

export function createSlots(limits: { readonly all: number; readonly perProject: number }): Slots {
  const taken = new Map<string, number>();
  let all = 0;
  return {
    take(projectId) {
      const own = taken.get(projectId) ?? 0;
      if (all >= limits.all || own >= limits.perProject) {
        throw new Problem("busy", "Too many exports run at once. Try again when one has ended.", {
          headers: { "retry-after": "5" },
        });
      }
      all += 1;
      taken.set(projectId, own + 1);
      let given = false;
      return () => {
        if (given) return;
        given = true;
        all -= 1;
        const rest = (taken.get(projectId) ?? 1) - 1;
        if (rest === 0) taken.delete(projectId);
        else taken.set(projectId, rest);
      };
    },
  };
}
