/** Whether the operand of `within` suits its path: an area, a window around a birthday, a recurrence. */
import { unrolled } from "./area.ts";
import { parseWallClock } from "./calendar.ts";
import { isArea, isBirthdayWindow, isRecurrence } from "./operand-kinds.ts";
import type { PathType } from "./paths.ts";
import type { Area, BirthdayWindow, Operand, Recurrence } from "./rule.ts";

/** Half the way around the world, all but a little. */
export const radiusMaxM = 20_000_000;
export const polygonPointsMax = 200;
export const birthdayDaysMax = 180;
export const durationMinutesMax = 525_600;
export const intervalMax = 1_000;

/** What is wrong with it, as the end of "value …"; null when nothing is. */
export function checkWindow(value: Operand, type: PathType): string | null {
  if (type === "location") return isArea(value) ? checkArea(value) : "must be an area: center and radius_m, or polygon";
  if (type === "birthday")
    return isBirthdayWindow(value) ? checkBirthday(value) : "must have days_before and days_after";
  return isRecurrence(value) ? checkRecurrence(value) : "must have start, duration_minutes and every";
}

function checkArea(area: Area): string | null {
  if ("polygon" in area) return checkPolygon(area.polygon);
  if (!isPoint(area.center)) return pointDetail;
  const radius: unknown = area.radius_m;
  return typeof radius === "number" && radius >= 1 && radius <= radiusMaxM
    ? null
    : `must have a radius_m from 1 to ${radiusMaxM}`;
}

const pointDetail = "must have points [lon, lat], lon from -180 to 180 and lat from -90 to 90";

function checkPolygon(polygon: unknown): string | null {
  if (!Array.isArray(polygon) || polygon.length > polygonPointsMax) {
    return `must be a polygon of at most ${polygonPointsMax} points`;
  }
  if (!polygon.every(isPoint)) return pointDetail;
  const distinct = new Set(polygon.map((point) => point.join(" ")));
  if (distinct.size < 3) return "must be a polygon of at least 3 different points";
  return unrolled(polygon) === null
    ? "must be a polygon that does not go around a pole and whose edges span less than 180 degrees of longitude"
    : null;
}

function isPoint(value: unknown): value is readonly [number, number] {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [lon, lat]: readonly unknown[] = value;
  return isBetween(lon, -180, 180) && isBetween(lat, -90, 90);
}

function isBetween(value: unknown, from: number, to: number): boolean {
  return typeof value === "number" && value >= from && value <= to;
}

function isWhole(value: unknown, from: number, to: number): boolean {
  return Number.isInteger(value) && isBetween(value, from, to);
}

function checkBirthday({ days_before: before, days_after: after }: BirthdayWindow): string | null {
  return isWhole(before, 0, birthdayDaysMax) && isWhole(after, 0, birthdayDaysMax)
    ? null
    : `must have days_before and days_after from 0 to ${birthdayDaysMax}`;
}

function checkRecurrence(value: Recurrence): string | null {
  const start = readWallClock(value.start);
  if (start === null) return 'must have a start, "YYYY-MM-DDTHH:MM"';
  if (!isWhole(value.duration_minutes, 1, durationMinutesMax)) {
    return `must have duration_minutes from 1 to ${durationMinutesMax}`;
  }
  if (!["day", "week", "month", "year"].includes(value.every)) return "must be every day, week, month or year";
  if (value.interval !== undefined && !isWhole(value.interval, 1, intervalMax)) {
    return `must have an interval from 1 to ${intervalMax}`;
  }
  if (value.until === undefined) return null;
  const until = readWallClock(value.until);
  return until !== null && until > start ? null : 'must have an until, "YYYY-MM-DDTHH:MM", after its start';
}

function readWallClock(value: unknown): number | null {
  return typeof value === "string" ? parseWallClock(value) : null;
}
