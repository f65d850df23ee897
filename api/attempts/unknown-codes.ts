/** How many codes of a refusal do not exist, read off the answer that was sent. */
import { z } from "zod";
import type { ReasonKey } from "../domain/reason.ts";

const refusal = z.object({
  codes: z.array(z.object({ reasons: z.array(z.object({ key: z.string() })) })).default([]),
});

/** A replay tells nothing new, and was counted when it was new. */
export function unknownCodesOf(answer: {
  readonly status: number;
  readonly body: string;
  readonly replayed: boolean;
}): number {
  if (answer.status !== 422 || answer.replayed) return 0;
  const unknown: ReasonKey = "voucher_unknown";
  const { codes } = refusal.parse(JSON.parse(answer.body));
  return codes.filter(({ reasons }) => reasons.some(({ key }) => key === unknown)).length;
}
