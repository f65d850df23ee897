/** Turns what the domain finds wrong in a rule or reward into issues of a zod schema, at the exact place. */
import type { z } from "@hono/zod-openapi";

/** A fault as the domain reports it: a JSON pointer relative to what was checked, and what is wrong there. */
interface Fault {
  readonly pointer: string;
  readonly detail: string;
}

export function addFaults(context: z.RefinementCtx, faults: readonly Fault[]): void {
  for (const fault of faults) context.addIssue({ code: "custom", path: pathOf(fault.pointer), message: fault.detail });
}

function pathOf(pointer: string): (string | number)[] {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}
