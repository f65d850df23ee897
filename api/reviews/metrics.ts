/** How the queue and its reviewers do: what waits, how often a suspicion was right, and what looking brought. */
import { type Kysely, sql } from "kysely";
import type { DB } from "../db/tables.ts";
import type { Deps } from "../deps.ts";
import type { MetricsWire } from "./schemas.ts";

const sourcesMax = 200;

/** Of decisions of the last `days` days that stand; what waits, waits now. */
export async function readReviewMetrics({ db }: Deps, projectId: string, days: number): Promise<MetricsWire> {
  const since = new Date(Date.now() - days * 86_400_000);
  const [waiting, decided, money, sources] = await Promise.all([
    readWaiting(db, projectId),
    readDecided(db, projectId, since),
    readMoney(db, projectId, since),
    readSources(db, projectId, since),
  ]);
  const confirmed = sum(decided.map((one) => one.confirmed));
  const dismissed = sum(decided.map((one) => one.dismissed));
  return {
    days,
    as_of: waiting.clock.toISOString(),
    open_count: waiting.open,
    held_count: waiting.held,
    overdue_count: waiting.overdue,
    median_age_seconds: waiting.median_age,
    decided_count: confirmed + dismissed,
    median_seconds_to_decide: await medianToDecide(db, projectId, since),
    ...judged(confirmed, dismissed),
    amounts: amountsOf(money),
    by_reviewer: decided.map((one) => {
      const own = amountsOf(money.filter(({ reviewer }) => reviewer === one.reviewer));
      const [only] = own;
      const total =
        own.length === 1 && only ? only.recovered_amount + only.prevented_amount : own.length === 0 ? 0 : null;
      const count = one.confirmed + one.dismissed;
      return {
        reviewer: { id: one.reviewer, name: one.name },
        ...judged(one.confirmed, one.dismissed),
        decided_count: count,
        working_seconds: one.working_seconds,
        amounts: own,
        amount_per_decision: total === null ? null : total / count,
        amount_per_hour: total === null || one.working_seconds === 0 ? null : (total * 3_600) / one.working_seconds,
      };
    }),
    by_source: sources.map((one) => ({
      kind: one.kind,
      name: one.name,
      ...judged(one.confirmed, one.dismissed),
      decided_count: one.confirmed + one.dismissed,
    })),
  };
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

function judged(confirmed: number, dismissed: number) {
  const count = confirmed + dismissed;
  return {
    confirmed_count: confirmed,
    dismissed_count: dismissed,
    precision: count === 0 ? null : confirmed / count,
  };
}

async function readWaiting(db: Kysely<DB>, projectId: string) {
  const { rows } = await sql<{ open: number; held: number; overdue: number; median_age: number | null; clock: Date }>`
    select count(*) filter (where status = 'open')::int as open, count(*) filter (where status = 'held')::int as held,
           count(*) filter (where due_at <= now())::int as overdue, now() as clock,
           percentile_cont(0.5) within group (order by extract(epoch from now() - opened_at)::float8) as median_age
    from review where project_id = ${projectId} and status in ('open', 'held')`.execute(db);
  const [row] = rows;
  if (row === undefined) throw new Error("an aggregate has one row");
  return row;
}

async function readDecided(db: Kysely<DB>, projectId: string, since: Date) {
  const { rows } = await sql<{
    reviewer: string;
    name: string | null;
    confirmed: number;
    dismissed: number;
    working_seconds: number;
  }>`
    select decided_by as reviewer, (array_agg(decided_name order by decided_at desc))[1] as name,
           count(*) filter (where status = 'confirmed')::int as confirmed,
           count(*) filter (where status = 'dismissed')::int as dismissed,
           coalesce(sum(working_seconds), 0)::float8 as working_seconds
    from review where project_id = ${projectId} and decided_at >= ${since}
    group by decided_by order by count(*) desc, decided_by`.execute(db);
  return rows;
}

async function medianToDecide(db: Kysely<DB>, projectId: string, since: Date): Promise<number | null> {
  const { rows } = await sql<{ median: number | null }>`
    select percentile_cont(0.5) within group (order by extract(epoch from decided_at - opened_at)::float8) as median
    from review where project_id = ${projectId} and decided_at >= ${since}`.execute(db);
  return rows[0]?.median ?? null;
}

interface Money {
  readonly reviewer: string;
  readonly currency: string;
  readonly recovered: number;
  readonly prevented: number;
}

/** A claw-back belongs to who began it. A hold or a refusal kept its money from being given at all. */
async function readMoney(db: Kysely<DB>, projectId: string, since: Date): Promise<Money[]> {
  const { rows } = await sql<Money>`
    select reviewer, currency, sum(recovered)::bigint as recovered, sum(prevented)::bigint as prevented
    from (
      select b.created_by as reviewer, s.currency, s.amount as recovered, 0 as prevented
      from claw_back b join claw_back_step s on s.project_id = b.project_id and s.claw_back_id = b.id
      where b.project_id = ${projectId} and b.created_at >= ${since} and s.outcome = 'done' and s.amount is not null
        and (s.undo is null or s.undo not in ('done', 'kept'))
      union all
      select decided_by, currency, 0, amount_at_risk from review
      where project_id = ${projectId} and decided_at >= ${since} and status = 'confirmed'
        and subject_kind <> 'redemption'
    ) gained
    group by reviewer, currency order by reviewer, currency`.execute(db);
  return rows;
}

function amountsOf(money: readonly Money[]): MetricsWire["amounts"] {
  const byCurrency = new Map<string, { currency: string; recovered_amount: number; prevented_amount: number }>();
  for (const { currency, recovered, prevented } of money) {
    const before = byCurrency.get(currency) ?? { currency, recovered_amount: 0, prevented_amount: 0 };
    byCurrency.set(currency, {
      currency,
      recovered_amount: before.recovered_amount + recovered,
      prevented_amount: before.prevented_amount + prevented,
    });
  }
  return [...byCurrency.values()].sort((a, b) => (a.currency < b.currency ? -1 : 1));
}

interface Source {
  readonly kind: "model" | "rule" | "feature";
  readonly name: string;
  readonly confirmed: number;
  readonly dismissed: number;
}

/** What spoke for abuse; what spoke against it is not to blame. A rule is named once, not as a feature besides. */
async function readSources(db: Kysely<DB>, projectId: string, since: Date): Promise<Source[]> {
  const { rows } = await sql<Source>`
    select source.kind, source.name, count(*) filter (where r.status = 'confirmed')::int as confirmed,
           count(*) filter (where r.status = 'dismissed')::int as dismissed
    from review r
    cross join lateral (
      select 'model' as kind, r.model as name where r.model is not null
      union
      select 'rule', unnest(r.rules)
      union
      select 'feature', x.feature from jsonb_to_recordset(r.reasons) as x(feature text, contribution float8)
      where x.contribution > 0 and x.feature not like 'rule:%'
    ) source
    where r.project_id = ${projectId} and r.decided_at >= ${since}
    group by source.kind, source.name
    order by count(*) desc, source.kind, source.name limit ${sourcesMax}`.execute(db);
  return rows;
}
