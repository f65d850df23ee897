/** Deleting a segment: every member leaves it, and it is announced of each. Of a large one a job sees to that. */
import type { Kysely, Transaction } from "kysely";
import { z } from "zod";
import type { DB } from "../db/tables.ts";
import { notFound } from "../http/problem.ts";
import { addJob } from "../jobs/add-job.ts";
import { type Task, type TaskKind, taskOf } from "../jobs/task.ts";
import { deleteEvaluation } from "./dynamic-queries.ts";
import { announceMoves } from "./members.ts";
import { deleteMembers, deleteSegmentRow, listMembers, lockSegment, markDeleting } from "./queries.ts";

const emptying: TaskKind<{ project_id: string; segment_id: string }> = {
  name: "segments.empty",
  payload: z.strictObject({ project_id: z.string(), segment_id: z.string() }),
  attemptsMax: 25,
  queue: "segments.empty",
};

/** Who leaves in one transaction. */
const leaversAtOnce = 1_000;
/** Then others who wait get a turn. */
const chunksAtOnce = 20;

/**
 * From then on nobody enters it, and its rules are not asked any more. Asked for again, it goes on, also after its job
 * was given up.
 *
 * @returns "deleting" when more leave than one request sees out.
 * @throws Problem `not_found`
 */
export async function deleteSegment(
  tx: Transaction<DB>,
  projectId: string,
  id: string,
  at: Date,
): Promise<"deleted" | "deleting"> {
  const segment = await lockSegment(tx, projectId, id, "update");
  if (!segment) throw notFound("segment");
  if (segment.deleting_at !== null) {
    await addEmptyingJob(tx, projectId, id);
    return "deleting";
  }
  if ((await leaveChunk(tx, projectId, segment, at)) === "deleted") return "deleted";
  await markDeleting(tx, projectId, id, at);
  await deleteEvaluation(tx, projectId, id);
  await addEmptyingJob(tx, projectId, id);
  return "deleting";
}

export function emptySegmentTask(db: Kysely<DB>): Task {
  return taskOf(emptying, async ({ project_id, segment_id }, { signal }) => {
    for (let chunk = 0; chunk < chunksAtOnce; chunk += 1) {
      const state = await db.transaction().execute(async (tx) => {
        const segment = await lockSegment(tx, project_id, segment_id, "update");
        return segment === undefined ? "deleted" : leaveChunk(tx, project_id, segment, new Date());
      });
      if (state === "deleted") return;
      signal.throwIfAborted();
    }
    await addEmptyingJob(db, project_id, segment_id);
  });
}

function addEmptyingJob(db: Kysely<DB>, projectId: string, segmentId: string): Promise<void> {
  // Of those that wait one is enough.
  const key = `${emptying.name}:${projectId}:${segmentId}`;
  return addJob(db, emptying, { project_id: projectId, segment_id: segmentId }, { key });
}

async function leaveChunk(
  tx: Transaction<DB>,
  projectId: string,
  segment: { readonly id: string; readonly name: string; readonly kind: "static" | "dynamic" },
  at: Date,
): Promise<"deleted" | "more"> {
  const page = await listMembers(tx, projectId, segment.id, { after: undefined, limit: leaversAtOnce + 1 });
  const leavers = page.slice(0, leaversAtOnce).map((member) => member.identifier);
  const left = await deleteMembers(tx, projectId, segment.id, leavers);
  await announceMoves(tx, "segment.left", projectId, segment, left, at);
  if (page.length > leaversAtOnce) return "more";
  await deleteSegmentRow(tx, projectId, segment.id);
  return "deleted";
}
