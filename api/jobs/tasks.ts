/** Every kind of job that there is, with what does it. */
import { type SenderDeps, sendTask } from "../deliveries/send.ts";
import { replayTask } from "../event-subscriptions/replay.ts";
import { type WorkflowTaskDeps, workflowTasks } from "../workflows/tasks.ts";
import type { Task } from "./task.ts";

export type TaskDeps = SenderDeps & WorkflowTaskDeps;

export function allTasks(deps: TaskDeps): Task[] {
  return [sendTask(deps), replayTask(deps.db), ...workflowTasks(deps)];
}
