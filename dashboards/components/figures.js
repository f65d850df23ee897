/** Sums over the days of a table, for the chosen period and the one before it. */

/**
 * @param {Iterable<Record<string, any>>} days rows with `chosen`: 1 in the period, 0 in the one before
 * @param {string[]} columns
 * @returns {Record<string, { now: number | null, before: number | null, course: number[] }>} by column; null: not known yet
 */
export function compare(days, columns) {
  const rows = Array.from(days ?? []);
  const known = days?.ready !== false;
  const chosen = rows.filter((row) => row.chosen === 1);
  const earlier = rows.filter((row) => row.chosen !== 1);
  return Object.fromEntries(
    columns.map((column) => [
      column,
      {
        now: known ? sum(chosen, column) : null,
        before: earlier.length === 0 ? null : sum(earlier, column),
        course: chosen.map((row) => row[column] ?? 0),
      },
    ]),
  );
}

/** A figure out of rows that may not have arrived yet. */
export function once(rows, value) {
  return { now: rows.ready ? value : null };
}

/** One figure as a share of another, in both periods. */
export function share(part, whole) {
  const of = (a, b) => (a === null || !b ? null : a / b);
  return {
    now: of(part?.now, whole?.now),
    before: of(part?.before ?? null, whole?.before),
    course: (part?.course ?? []).map((value, place) => of(value, whole.course[place]) ?? 0),
  };
}

export function plus(one, other) {
  return {
    now: one.now === null || other.now === null ? null : one.now + other.now,
    before: one.before === null || other.before === null ? null : one.before + other.before,
    course: one.course.map((value, place) => value + other.course[place]),
  };
}

export function sum(rows, column) {
  return rows.reduce((total, row) => total + (row[column] ?? 0), 0);
}

/**
 * Days as a chart can show them: single ones for a quarter, weeks (from Monday) for longer.
 * @param {Record<string, any>[]} days
 * @param {string[]} columns that add up
 */
export function course(days, columns) {
  const chosen = days.filter((row) => row.chosen === 1);
  if (chosen.length <= 92) return chosen;
  const weeks = new Map();
  for (const row of chosen) {
    const monday = new Date(
      row.day.getFullYear(),
      row.day.getMonth(),
      row.day.getDate() - ((row.day.getDay() + 6) % 7),
    );
    const week = weeks.get(monday.getTime()) ?? { day: monday };
    for (const column of columns) week[column] = (week[column] ?? 0) + (row[column] ?? 0);
    weeks.set(monday.getTime(), week);
  }
  return [...weeks.values()];
}

/**
 * One row for each day of the scope, of nothing where there is none, so that a chart of few days is no chart of years.
 * Rows of the same day add up.
 * @param {Record<string, any>[]} rows
 * @param {string[]} columns that add up
 * @param {{ since: string, until: string } | undefined} scope
 */
export function everyDay(rows, columns, scope) {
  if (!scope?.since) return [];
  const days = new Map();
  for (let day = localDay(scope.since); day <= localDay(scope.until); day = dayAfter(day)) {
    days.set(day.getTime(), { day, chosen: 1, ...Object.fromEntries(columns.map((column) => [column, 0])) });
  }
  for (const row of rows) {
    const day = days.get(row.day.getTime());
    if (day) for (const column of columns) day[column] += row[column] ?? 0;
  }
  return [...days.values()];
}

export function localDay(text) {
  const [year, month, date] = text.split("-").map(Number);
  return new Date(year, month - 1, date);
}

function dayAfter(day) {
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + 1);
}

/** Rows with amounts in units of the currency, as charts draw them. */
export function inUnits(rows, columns, minorUnits) {
  return rows.map((row) => ({
    ...row,
    ...Object.fromEntries(columns.map((column) => [column, row[column] === null ? null : row[column] / minorUnits])),
  }));
}
