/** What a change of a workflow's status sets off. */
import { z } from "zod";
import type { TaskKind } from "../jobs/task.ts";

const ofWorkflow = z.object({ project_id: z.string(), workflow_id: z.string() });
type OfWorkflow = z.output<typeof ofWorkflow>;
/** Both go over all runs that stand still. */
const queue = "workflow-status";

/** After an activation: runs whose time came while it was paused. */
export const releaseKind: TaskKind<OfWorkflow> = {
  name: "workflow-release",
  payload: ofWorkflow,
  attemptsMax: 25,
  queue,
};
/** After an archiving. */
export const cancelKind: TaskKind<OfWorkflow> = {
  name: "workflow-cancel",
  payload: ofWorkflow,
  attemptsMax: 25,
  queue,
};
