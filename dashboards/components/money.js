/** As `minorDigits` of the API has it, which these pages cannot import: Intl shows forints, say, without theirs. */
const digitsOf = new Map([
  ..."BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(" ").map((code) => [code, 0]),
  ..."BHD IQD JOD KWD LYD OMR TND".split(" ").map((code) => [code, 3]),
  ["CLF", 4],
  ["UYW", 4],
]);

/** Amounts arrive in minor units. */
export function money(amount, currency) {
  if (amount === null || amount === undefined || !currency) return "–";
  const digits = digitsOf.get(currency) ?? 2;
  return new Intl.NumberFormat("en", {
    style: "currency",
    currency,
    currencyDisplay: "narrowSymbol",
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(amount / 10 ** digits);
}

/** Short enough for a key figure: `€123.4K` above a hundred thousand. */
export function compactMoney(amount, currency) {
  if (amount === null || amount === undefined || !currency) return "–";
  const units = amount / 10 ** (digitsOf.get(currency) ?? 2);
  if (Math.abs(units) < 100_000) return money(amount, currency);
  const style = { style: "currency", currency, currencyDisplay: "narrowSymbol" };
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
