/** Money and time as people of the customer's language write them. */
import type { Liquid } from "liquidjs";
import { minorDigits } from "../domain/money.ts";

const styles = ["short", "medium", "long", "full"] as const;
type Style = (typeof styles)[number];

interface FilterScope {
  readonly context: { readonly globals: object };
}

function mannerOf({ context }: FilterScope): { language: string; time_zone: string } {
  return context.globals as { language: string; time_zone: string };
}

export function registerFormats(engine: Liquid): void {
  /** {{ 1050 | money: "EUR" }} is "10.50 €" or "€10.50": minor units. */
  engine.registerFilter("money", function (value: unknown, currency: unknown) {
    if (value === null || value === undefined) return "";
    if (typeof value !== "number" || typeof currency !== "string" || !/^[A-Z]{3}$/.test(currency)) {
      throw new Error("money takes an amount in minor units and a currency, such as EUR");
    }
    const digits = minorDigits(currency);
    const style = {
      style: "currency",
      currency,
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    } as const;
    return new Intl.NumberFormat(mannerOf(this as FilterScope).language, style).format(value / 10 ** digits);
  });
  /** {{ voucher.expires_at | date: "long" }} */
  engine.registerFilter("date", function (value: unknown, style?: unknown, timeZone?: unknown) {
    return format(this as FilterScope, value, { dateStyle: styleOf(style) }, timeZone);
  });
  engine.registerFilter("datetime", function (value: unknown, style?: unknown, timeZone?: unknown) {
    return format(this as FilterScope, value, { dateStyle: styleOf(style), timeStyle: "short" }, timeZone);
  });
  engine.registerFilter("number", function (value: unknown) {
    if (value === null || value === undefined) return "";
    return new Intl.NumberFormat(mannerOf(this as FilterScope).language).format(Number(value));
  });
}

function styleOf(style: unknown): Style {
  if (style === undefined) return "medium";
  const known = styles.find((name) => name === style);
  if (known === undefined) throw new Error(`date takes one of ${styles.join(", ")}`);
  return known;
}

function format(scope: FilterScope, value: unknown, options: Intl.DateTimeFormatOptions, timeZone: unknown): string {
  if (value === null || value === undefined || value === "") return "";
  const at = typeof value === "string" ? new Date(value) : undefined;
  if (at === undefined || Number.isNaN(at.getTime())) throw new Error("date takes an instant");
  const { language, time_zone } = mannerOf(scope);
  // A day without a time, a birthday say, is the same day everywhere.
  const isDay = /^\d{4}-\d\d-\d\d$/.test(String(value));
  const zone = isDay ? "UTC" : typeof timeZone === "string" ? timeZone : time_zone;
  try {
    return new Intl.DateTimeFormat(language, { ...options, timeZone: zone }).format(at);
  } catch {
    throw new Error("there is no such time zone");
  }
}
