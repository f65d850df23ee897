/** What a page looks at: days, currency, campaign … Asked by its address, resolved here once for all of its tables. */
import type { ClickHouseClient } from "@clickhouse/client";
import { z } from "zod";
import { minorDigits } from "../domain/money.ts";
import { type Fault, Problem } from "../http/problem.ts";

const dayMs = 86_400_000;
/** ClickHouse's last Date is in 2149; a page asks for no more days than a chart can show. */
const daysMax = 3_660;
const currenciesMax = 50;

const day = z.iso
  .date()
  .refine((text) => text >= "1970-01-01" && text <= "2149-06-01", "must be between 1970 and 2149");
const word = z.string().max(200);

const wanted = z
  .object({
    /** The newest so many days that have data, or all of them; `from` and `to` go before it. */
    days: z.union([z.literal("all"), z.coerce.number().int().min(1).max(daysMax)]).default(28),
    from: day.optional(),
    to: day.optional(),
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/, "must be three capital letters")
      .optional(),
    campaign: word.default(""),
    segment: word.default(""),
    reason: word.default(""),
  })
  .refine((w) => w.from === undefined || w.to === undefined || w.from <= w.to, {
    path: ["to"],
    error: "must not be before from",
  });

export interface Money {
  readonly currency: string;
  /** How many of them make one of the currency (ISO 4217). */
  readonly minor_units: number;
  readonly first_day: string;
  readonly last_day: string;
}

export interface Scope {
  /** Empty where nothing of the project has had an amount yet. */
  readonly currency: string;
  readonly minor_units: number;
  /** First and last UTC day, both included. */
  readonly since: string;
  readonly until: string;
  /** First day of the period of the same length before; the day after `until` of it is `since`. Null: all days are shown. */
  readonly before: string | null;
  readonly campaign: string;
  readonly segment: string;
  readonly reason: string;
  /** Those of the project, the most used first. */
  readonly currencies: readonly Money[];
}

/** @throws Problem 400 naming the parameter. Unknown parameters are nobody's. */
export function parseScope(query: Readonly<Record<string, string>>): z.output<typeof wanted> {
  const given = Object.fromEntries(Object.entries(query).filter(([, value]) => value !== ""));
  const parsed = wanted.safeParse(given);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map(
    (issue): Fault => ({ in: "query", pointer: `/${issue.path.join("/")}`, detail: issue.message }),
  );
  throw new Problem("invalid_request", "The page's filters are not valid.", { errors });
}

/** Quick ranges end with the newest day that has data: a shop that closed last week still sees its last 28 days. */
export function resolveScope(asked: z.output<typeof wanted>, currencies: readonly Money[], now: Date): Scope {
  const money = currencies.find(({ currency }) => currency === asked.currency) ?? currencies[0];
  const today = now.toISOString().slice(0, 10);
  const last = money?.last_day ?? today;
  const first = money?.first_day ?? today;
  const until = asked.to ?? (asked.from !== undefined && asked.from > last ? asked.from : last);
  const since = asked.from ?? (asked.days === "all" ? earlier(first, until) : plusDays(until, 1 - asked.days));
  const length = daysBetween(since, until) + 1;
  const everything = asked.from === undefined && asked.to === undefined && asked.days === "all";
  return {
    currency: money?.currency ?? "",
    minor_units: money?.minor_units ?? 100,
    since: length > daysMax ? plusDays(until, 1 - daysMax) : since,
    until,
    before: everything ? null : plusDays(since, -Math.min(length, daysMax)),
    campaign: asked.campaign,
    segment: asked.segment,
    reason: asked.reason,
    currencies,
  };
}

const moneyRow = z.object({ currency: z.string(), first_day: z.string(), last_day: z.string() });

/** The currencies of a project with the days they were used on, the most used first. */
export async function readCurrencies(warehouse: ClickHouseClient, projectId: string): Promise<readonly Money[]> {
  const result = await warehouse.query({
    query: `
      SELECT toString(currency) AS currency, min(toDate(occurred_at)) AS first_day, max(toDate(occurred_at)) AS last_day
      FROM events
      WHERE project_id = {project: String} AND currency != ''
        AND type IN ('validation.performed', 'redemption.succeeded', 'redemption.rejected', 'order.paid')
      GROUP BY currency
      ORDER BY count() DESC, currency
      LIMIT ${currenciesMax}`,
    query_params: { project: projectId },
    format: "JSONEachRow",
    clickhouse_settings: { max_execution_time: 10 },
  });
  const rows = z.array(moneyRow).parse(await result.json());
  return rows.map((row) => ({ ...row, minor_units: 10 ** minorDigits(row.currency) }));
}

function plusDays(date: string, days: number): string {
  return new Date(Math.max(0, Date.parse(date) + days * dayMs)).toISOString().slice(0, 10);
}

function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / dayMs);
}

function earlier(a: string, b: string): string {
  return a < b ? a : b;
}
