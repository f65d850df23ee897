/** Every kind of job that there is, with what does it. */
import { type SenderDeps, sendTask } from "../deliveries/send.ts";
import { type WorkflowTaskDeps, workflowTasks } from "../workflows/tasks.ts";
import type { Task } from "./task.ts";

export type TaskDeps = SenderDeps & WorkflowTaskDeps;

export function allTasks(deps: TaskDeps): Task[] {
  return [sendTask(deps), ...workflowTasks(deps)];
}
