/** Every key that was answered is asked once more: the answer must be the one that was given, to the byte. */
import type { Ask, Journal } from "../support/mixture/shopper.ts";

export interface Replays {
  readonly asked: number;
  /** What was answered otherwise, one sentence each. */
  readonly changed: readonly string[];
}

const lanes = 8;

export async function replayAll(journal: Journal, ask: Ask): Promise<Replays> {
  const keyed = journal.entries.filter(({ call }) => call.idempotencyKey !== undefined);
  const changed: string[] = [];
  let next = 0;
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      for (let entry = keyed[next++]; entry !== undefined; entry = keyed[next++]) {
        const { call, answer } = entry;
        const again = await ask(call);
        // A refusal that a caller earned before anything began (409, 404) is not kept, and names its own occurrence.
        const isKept = answer.status === 201 || answer.status === 422;
        const same = again.status === answer.status && (!isKept || (again.replayed && again.text === answer.text));
        if (!same) {
          changed.push(
            `${call.path} ${call.idempotencyKey}: ${answer.status} ${answer.text.slice(0, 200)} became ${again.status} ${again.text.slice(0, 200)}`,
          );
        }
      }
    }),
  );
  return { asked: keyed.length, changed };
}
