/** Notes what may make earlier redemptions suspect: an attempt that is, and a redemption that was undone. */
import { type Kysely, sql } from "kysely";
import type { Logger } from "pino";
import type { ConsumedEvent, ConsumerOptions } from "../../../ingest/consumer.ts";
import type { DB } from "../../db/tables.ts";

const types = ["redemption.succeeded", "redemption.rejected", "redemption.rolled_back", "reservation.created"] as const;
type Marking = (typeof types)[number];

/** Of a project: an attack says the same thousands of times, and the first of them are enough. */
const waitingMax = 2_000;

export function rescoreMarker(deps: { readonly db: Kysely<DB>; readonly log: Logger }): ConsumerOptions<Marking> {
  return { ...deps, name: "rescore", types, handle: (tx, events) => mark(tx, events) };
}

async function mark(tx: Kysely<DB>, events: readonly ConsumedEvent<Marking>[]): Promise<void> {
  const marks = events.flatMap((event) => {
    const subject = subjectOf(event);
    return subject === undefined ? [] : [{ project: event.project_id, subject, at: event.occurred_at }];
  });
  if (marks.length === 0) return;
  const projects = marks.map(({ project }) => project);
  // What waits is counted once a project, not once a mark: of an attack both are many.
  await sql`
    insert into risk_rescore (project_id, subject_id, at)
    select m.project_id, m.subject_id, m.at
    from (
      select m.*, row_number() over (partition by project_id) as place
      from unnest(${projects}::text[], ${marks.map(({ subject }) => subject)}::text[],
                  ${marks.map(({ at }) => at)}::timestamptz[]) as m(project_id, subject_id, at)) m
    left join (
      select project_id, count(*) as waiting from risk_rescore
      where project_id = any(${projects}::text[]) group by project_id) r on r.project_id = m.project_id
    where m.place + coalesce(r.waiting, 0) <= ${waitingMax}
    order by m.project_id, m.subject_id
    on conflict (project_id, subject_id) do nothing`.execute(tx);
}

function subjectOf({ type, payload }: ConsumedEvent<Marking>): string | undefined {
  if (type === "redemption.rolled_back") return payload.rollback_id;
  if (payload.risk === undefined || payload.risk.action === "allow") return undefined;
  if (type === "redemption.succeeded") return payload.redemption_id;
  return type === "redemption.rejected" ? payload.rejection_id : payload.reservation_id;
}
