/** Amounts arrive in minor units; how many make one of the currency is what Intl knows. */
export function money(amount, currency) {
  if (amount === null || amount === undefined || !currency) return "–";
  const format = new Intl.NumberFormat("en", { style: "currency", currency, currencyDisplay: "narrowSymbol" });
  return format.format(amount / 10 ** format.resolvedOptions().maximumFractionDigits);
}

/** Short enough for a key figure: `€123.4K` above a hundred thousand. */
export function compactMoney(amount, currency) {
  if (amount === null || amount === undefined || !currency) return "–";
  const style = { style: "currency", currency, currencyDisplay: "narrowSymbol" };
  const format = new Intl.NumberFormat("en", style);
  const units = amount / 10 ** format.resolvedOptions().maximumFractionDigits;
  if (Math.abs(units) < 100_000) return format.format(units);
  return new Intl.NumberFormat("en", { ...style, notation: "compact", maximumFractionDigits: 1 }).format(units);
}

/** The format of an axis of amounts, in units of the currency, as Evidence's charts want it. */
export function axisFormat(currency) {
  const symbol = currency
    ? new Intl.NumberFormat("en", { style: "currency", currency, currencyDisplay: "narrowSymbol" })
        .formatToParts(0)
        .find(({ type }) => type === "currency").value
    : "";
  return symbol.length === 1 ? `${symbol}#,##0` : "#,##0";
}

export function count(value) {
  return value === null || value === undefined ? "–" : new Intl.NumberFormat("en").format(value);
}

export function percent(share) {
  return share === null || share === undefined || Number.isNaN(share)
    ? "–"
    : new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 }).format(share);
}

export function decimal(value, digits = 2) {
  return value === null || value === undefined
    ? "–"
    : new Intl.NumberFormat("en", { maximumFractionDigits: digits }).format(value);
}

const dayFormat = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  year: "numeric",
  timeZone: "UTC",
});
const momentFormat = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  timeZone: "UTC",
});

/** Instants are shown in UTC, like the days of every report. */
export function day(instant) {
  return instant ? dayFormat.format(new Date(instant)) : "–";
}

export function moment(instant) {
  return instant ? momentFormat.format(new Date(instant)) : "–";
}

/** A `Date` of a table: local midnight of the day it means. */
export function calendarDay(date) {
  return date ? day(Date.UTC(date.getFullYear(), date.getMonth(), date.getDate())) : "–";
}

/** `voucher_expired` as people read it. */
export function words(key) {
  const text = String(key ?? "").replaceAll(/[_.]/g, " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A duration from seconds: `42 s`, `3 min`, `5 h`, `2 d`. */
export function span(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} d`;
}
