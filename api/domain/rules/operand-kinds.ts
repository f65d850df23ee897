/** Which of the operands that are objects one is. */
import type { FactValue } from "../reason.ts";
import type { Area, BirthdayWindow, Operand, Recurrence } from "./rule.ts";

type Any = Operand | FactValue | undefined;

export function isArea(value: Any): value is Area {
  return isObject(value) && ("center" in value || "polygon" in value);
}

export function isBirthdayWindow(value: Any): value is BirthdayWindow {
  return isObject(value) && "days_before" in value;
}

export function isRecurrence(value: Any): value is Recurrence {
  return isObject(value) && "duration_minutes" in value;
}

function isObject(value: Any): value is Area | BirthdayWindow | Recurrence {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
