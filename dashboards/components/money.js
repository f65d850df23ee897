/** Amounts arrive in minor units; how many make one of the currency is what Intl knows. */
export function money(amount, currency) {
  if (amount === null || amount === undefined || !currency) return "–";
  const format = new Intl.NumberFormat("en", { style: "currency", currency, currencyDisplay: "narrowSymbol" });
  return format.format(amount / 10 ** format.resolvedOptions().maximumFractionDigits);
}

/** Short enough for a key figure: `€12.3K` above ten thousand. `major` is in units of the currency. */
export function compactMoney(major, currency) {
  const large = Math.abs(major) >= 10_000;
  return new Intl.NumberFormat("en", {
    style: "currency",
    currency,
    currencyDisplay: "narrowSymbol",
    ...(large ? { notation: "compact", maximumFractionDigits: 1 } : {}),
  }).format(major);
}

export function count(value) {
  return value === null || value === undefined ? "–" : new Intl.NumberFormat("en").format(value);
}

export function percent(share) {
  return share === null || share === undefined
    ? "–"
    : new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 }).format(share);
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
