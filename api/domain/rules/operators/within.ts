import { areaTest } from "../area.ts";
import { inBirthdayWindow } from "../birthday.ts";
import { isArea, isBirthdayWindow, isRecurrence } from "../operand-kinds.ts";
import { recurrenceTest } from "../recurrence.ts";
import { never, type Operate, type Test } from "./operand.ts";

/**
 * A place inside an area, a birthday whose window today falls in, a wall clock inside a recurring window; borders of
 * areas and both ends of a birthday's window are inside, the end of a recurring window is not. Absent: not met.
 */
export const within: Operate = (expected, type) => {
  if (type === "location" && isArea(expected)) return ofPlace(areaTest(expected));
  if (type === "birthday" && isBirthdayWindow(expected)) {
    return (actual, today) => typeof actual === "string" && inBirthdayWindow(expected, actual, today);
  }
  if (type === "recurring" && isRecurrence(expected)) {
    const inside = recurrenceTest(expected);
    return (actual) => typeof actual === "string" && inside(actual);
  }
  return never;
};

function ofPlace(inside: (lon: number, lat: number) => boolean): Test {
  return (actual) => {
    if (!Array.isArray(actual)) return false;
    const [lon, lat] = actual;
    return typeof lon === "number" && typeof lat === "number" && inside(lon, lat);
  };
}
