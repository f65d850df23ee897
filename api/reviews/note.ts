import type { Deps } from "../deps.ts";
import { type Actor, signedTransaction } from "./actor.ts";
import { readOne } from "./read-one.ts";
import { isLastEntry, lockReview, nameOfKey, note } from "./rows.ts";
import type { ReviewWire } from "./schemas.ts";

/**
 * Anybody may, whoever has it and whatever became of it. The same twice in a row is one note.
 *
 * @throws Problem not_found
 */
export async function addNote(
  deps: Deps,
  projectId: string,
  actor: Actor,
  id: string,
  text: string,
): Promise<ReviewWire> {
  await signedTransaction(deps.pool, actor, async ({ tx }) => {
    const row = await lockReview(tx, projectId, id);
    if (await isLastEntry(tx, row, { kind: "noted", by: actor.keyId, note: text })) return;
    await note(tx, row, { kind: "noted", by: await nameOfKey(tx, actor.keyId), note: text, at: new Date() });
  });
  return readOne(deps, projectId, id);
}
