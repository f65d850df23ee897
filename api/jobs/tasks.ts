/** Every kind of job that there is, with what does it. */
import { replayTask } from "../event-subscriptions/replay.ts";
import { emptySegmentTask } from "../segments/delete.ts";
import { type WorkflowTaskDeps, workflowTasks } from "../workflows/tasks.ts";
import type { Task } from "./task.ts";

export function allTasks(deps: WorkflowTaskDeps): Task[] {
  return [replayTask(deps.db), emptySegmentTask(deps.db), ...workflowTasks(deps)];
}
