/** Whose moment lies in a window of time, for triggers that are a day or an hour. */
import { type Kysely, sql } from "kysely";
import type { DB } from "../db/tables.ts";
import type { ActiveWorkflow } from "./active.ts";
import { localDate, yearlyMoment, zoneOf } from "./clock.ts";
import type { Customer } from "./facts.ts";
import type { Occurrence } from "./trigger-match.ts";
import type { Trigger } from "./trigger-schema.ts";

export interface Due {
  readonly customer: Customer;
  readonly occurrence: Occurrence;
  readonly triggerKey: string;
  readonly moment: Date;
}

/** After `since`, up to and with `upto`. */
export interface Window {
  readonly since: Date;
  readonly upto: Date;
}

export interface Page {
  readonly due: readonly Due[];
  /** Where the next page begins; null after the last. */
  readonly next: string | null;
}

const pageSize = 500;
const dayMs = 86_400_000;
const atDefault = "09:00";

export async function dueOf(
  db: Kysely<DB>,
  workflow: Pick<ActiveWorkflow, "projectId" | "definition">,
  window: Window,
  after: string,
): Promise<Page> {
  const { trigger } = workflow.definition;
  if (trigger.on === "voucher.expiring") return expiring(db, workflow.projectId, trigger, window, after);
  if (trigger.on === "customer.birthday" || trigger.on === "customer.anniversary") {
    return yearly(db, workflow, trigger, window, after);
  }
  return { due: [], next: null };
}

type Yearly = Extract<Trigger, { on: "customer.birthday" | "customer.anniversary" }>;

/** Walks customers by id; the days are chosen generously, and the moment of each decides. */
async function yearly(
  db: Kysely<DB>,
  { projectId, definition }: Pick<ActiveWorkflow, "projectId" | "definition">,
  trigger: Yearly,
  window: Window,
  after: string,
): Promise<Page> {
  const isBirthday = trigger.on === "customer.birthday";
  const day = isBirthday ? sql`c.birthday` : sql`(c.created_at at time zone 'UTC')::date`;
  const daysBefore = trigger.days_before ?? 0;
  const { rows } = await sql<Customer>`
    select c.* from customer c
    where c.project_id = ${projectId} and c.id > ${after}
      and to_char(${day}, 'MM-DD') = any(${candidateDays(window, daysBefore)}::text[])
    order by c.id limit ${pageSize}`.execute(db);
  const years = new Set([window.since, window.upto].flatMap((at) => [-1, 0, 1].map((by) => at.getUTCFullYear() + by)));
  const due = rows.flatMap((customer) => {
    const zone = zoneOf(definition.settings, customer.attributes);
    const from = isBirthday ? customer.birthday : localDate(customer.created_at, zone);
    if (from === null) return [];
    return [...years].flatMap((year): Due[] => {
      const moment = yearlyMoment(from, year, { daysBefore, at: trigger.at ?? atDefault, zone });
      const passed = year - Number(from.slice(0, 4));
      if (moment <= window.since || moment > window.upto || passed < 1) return [];
      const fields = isBirthday ? {} : { years: passed };
      const occurrence = { type: trigger.on, at: moment.toISOString(), fields, order: null, voucherIds: [] };
      return [{ customer, moment, occurrence, triggerKey: `${isBirthday ? "birthday" : "anniversary"}:${year}` }];
    });
  });
  return { due, next: rows.length < pageSize ? null : (rows.at(-1)?.id ?? null) };
}

/** "MM-DD" of every day whose moment may lie in the window, in any time zone. */
function candidateDays({ since, upto }: Window, daysBefore: number): string[] {
  const days = new Set<string>();
  for (let at = since.getTime() - 2 * dayMs; at <= upto.getTime() + 2 * dayMs; at += dayMs) {
    const day = new Date(at + daysBefore * dayMs).toISOString().slice(5, 10);
    days.add(day);
    // Celebrated on the 28th where there is no 29th.
    if (day === "02-28") days.add("02-29");
  }
  return [...days];
}

/** By the end of the vouchers, on the index `voucher_expiring`. The mark keeps microseconds, which a Date would not. */
async function expiring(
  db: Kysely<DB>,
  projectId: string,
  trigger: Extract<Trigger, { on: "voucher.expiring" }>,
  window: Window,
  after: string,
): Promise<Page> {
  const before = trigger.days_before * dayMs;
  const [markAt, markId] = after === "" ? ["-infinity", ""] : (after.split("|") as [string, string]);
  const { rows } = await sql<
    Customer & { voucher_id: string; campaign_id: string; kind: string; expires_at: Date; mark: string }
  >`
    select c.*, v.id as voucher_id, v.campaign_id, v.kind, v.expires_at, v.mark
    from (
      select v.*, v.expires_at::text as mark from voucher v
      where v.project_id = ${projectId} and v.customer_id is not null and v.expires_at is not null
        and v.expires_at > ${new Date(window.since.getTime() + before)}::timestamptz
        and v.expires_at <= ${new Date(window.upto.getTime() + before)}::timestamptz
        and (v.expires_at, v.id) > (${markAt}::timestamptz, ${markId})
        and v.status in ('created', 'distributed')
        and (${trigger.campaign_ids ?? null}::text[] is null or v.campaign_id = any(${trigger.campaign_ids ?? null}::text[]))
      order by v.expires_at, v.id limit ${pageSize}) v
    join customer c on c.project_id = v.project_id and c.id = v.customer_id
    order by v.expires_at, v.id`.execute(db);
  const due = rows.map(({ voucher_id, campaign_id, kind, expires_at, mark: _, ...customer }): Due => {
    const moment = new Date(expires_at.getTime() - before);
    return {
      customer,
      moment,
      triggerKey: `voucher:${voucher_id}`,
      occurrence: {
        type: trigger.on,
        at: moment.toISOString(),
        fields: { campaign_id, kind },
        order: null,
        voucherIds: [voucher_id],
      },
    };
  });
  const last = rows.at(-1);
  return { due, next: rows.length < pageSize || last === undefined ? null : `${last.mark}|${last.voucher_id}` };
}
