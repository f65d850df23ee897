import { z } from "zod";
import type { TaskKind } from "../jobs/task.ts";

/** The job that sends one delivery. How often it is tried is the delivery's own affair: these are failures of ours. */
export const deliverySend: TaskKind<{ project_id: string; delivery_id: string }> = {
  name: "delivery.send",
  payload: z.strictObject({ project_id: z.string(), delivery_id: z.string() }),
  attemptsMax: 25,
};

/** A delivery has one job at most that waits. */
export function jobKeyOf(deliveryId: string): string {
  return `delivery.send:${deliveryId}`;
}
