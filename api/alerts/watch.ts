/**
 * Notices what is wrong with the delivery to the warehouse, and when it is right again. Each alert is a row of `alert`,
 * so that every process shows the same; of several watchers the one that wrote the row tells of it, once.
 */
import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import type { Logger } from "pino";
import { type AlertKind, alertKinds } from "../data-health/schemas.ts";
import { type DeliveryState, readDeliveryState } from "../data-health/state.ts";
import { lateAfterSeconds } from "../data-health/waiting.ts";
import { type AlertMessage, tell } from "./webhook.ts";

export interface AlertOptions {
  /** Age of the oldest event not yet delivered from which on it is wrong. */
  readonly lagSeconds: number;
  /** Where onsets and resolutions are posted; undefined: nowhere. */
  readonly webhook: string | undefined;
}

export const defaultAlerts: AlertOptions = { lagSeconds: 60, webhook: undefined };

/** So long after the last comparison, or after our start, something keeps the stores from being compared. */
export const overdueSeconds = 30 * 60;
const lookEveryMs = 15_000;
/** What is wrong for a moment only, after a start or during a burst, is no alert. */
const looksNeeded = 2;

export interface AlertDeps {
  readonly pool: pg.Pool;
  readonly log: Logger;
  readonly alerts?: AlertOptions | undefined;
}

export async function watchAlerts(deps: AlertDeps, signal: AbortSignal): Promise<void> {
  const watcher = createWatcher(deps);
  while (!signal.aborted) {
    await watcher.look(signal);
    await delay(lookEveryMs, undefined, { signal }).catch(() => undefined);
  }
  await watcher.told();
}

export interface Watcher {
  look(signal?: AbortSignal): Promise<void>;
  /** Waits for the posts under way. */
  told(): Promise<void>;
}

/** @param startedAt milliseconds; what was not compared before it is not held against us. */
export function createWatcher({ pool, log, alerts = defaultAlerts }: AlertDeps, startedAt = Date.now()): Watcher {
  const seen = new Map<AlertKind, number>();
  const posts = new Set<Promise<void>>();

  function announce(message: AlertMessage, signal: AbortSignal | undefined): void {
    const { state, ...rest } = message;
    // At the same level both: whoever is woken by the one waits for the other.
    log.error(rest, state === "firing" ? "alert" : "alert resolved");
    if (alerts.webhook === undefined) return;
    const post = tell(alerts.webhook, message, log, signal).finally(() => posts.delete(post));
    posts.add(post);
  }

  async function look(signal?: AbortSignal): Promise<void> {
    const wrong = whatIsWrong(await readDeliveryState(pool), alerts, (Date.now() - startedAt) / 1000);
    for (const kind of alertKinds) {
      const detail = wrong.get(kind);
      seen.set(kind, detail === undefined ? 0 : (seen.get(kind) ?? 0) + 1);
      if (detail === undefined) {
        const resolved = await resolveAlert(pool, kind);
        if (resolved !== undefined) announce({ ...resolved, kind, state: "resolved" }, signal);
      } else if ((seen.get(kind) ?? 0) >= looksNeeded) {
        const since = await raiseAlert(pool, kind, detail);
        if (since !== undefined) announce({ kind, state: "firing", since, detail, resolved_at: null }, signal);
      }
    }
    await pool.query("delete from alert where resolved_at < now() - interval '90 days'");
  }

  return { look, told: async () => void (await Promise.allSettled(posts)) };
}

function whatIsWrong(state: DeliveryState, { lagSeconds }: AlertOptions, upSeconds: number): Map<AlertKind, string> {
  const wrong = new Map<AlertKind, string>();
  if (state.driftGroups > 0) {
    wrong.set("reconciliation_drift", `${counted(state.driftGroups, "group")} of figures differ between the stores`);
  }
  if (state.deadLetters > 0) wrong.set("dead_letters", `${counted(state.deadLetters, "event")} could not be delivered`);
  if (state.failedTrainings > 0) {
    wrong.set("model_training", `the training of models failed for ${counted(state.failedTrainings, "project")}`);
  }
  if (state.driftedProjects > 0) {
    const projects = counted(state.driftedProjects, "project");
    wrong.set("model_drift", `what models are asked lies far from what they learned from for ${projects}`);
  }
  if (state.lag.seconds > lagSeconds) wrong.set("ingest_lag", `events wait for more than ${lagSeconds} s`);
  if (Math.min(state.comparedSecondsAgo ?? upSeconds, upSeconds) > overdueSeconds) {
    wrong.set("reconciliation_overdue", `the stores were not compared for more than ${overdueSeconds / 60} minutes`);
  }
  if (state.overdueReviews > 0) {
    wrong.set(
      "reviews_overdue",
      `${counted(state.overdueReviews, "review")} waited for more than a day after they were due`,
    );
  }
  if (state.lowStocks > 0) {
    wrong.set(
      "low_stock",
      `few codes are left in ${counted(state.lowStocks, "campaign or pool", "campaigns or pools")}`,
    );
  }
  if (state.lateDeliveries > 0) {
    const late = counted(state.lateDeliveries, "message");
    wrong.set("deliveries_late", `${late} to customers waited for more than ${lateAfterSeconds / 60} minutes`);
  }
  return wrong;
}

function counted(count: number, what: string, many = `${what}s`): string {
  return `${count} ${count === 1 ? what : many}`;
}

/** @returns since when, if it was not known before. */
async function raiseAlert(pool: pg.Pool, kind: AlertKind, detail: string): Promise<string | undefined> {
  const { rows } = await pool.query<{ since: Date; is_new: boolean }>(
    `insert into alert as a (kind, detail) values ($1, $2)
     on conflict (kind) where resolved_at is null do update set detail = excluded.detail
       where a.detail <> excluded.detail
     returning since, xmax = 0 as is_new`,
    [kind, detail],
  );
  return rows[0]?.is_new ? rows[0].since.toISOString() : undefined;
}

async function resolveAlert(pool: pg.Pool, kind: AlertKind) {
  const { rows } = await pool.query<{ since: Date; detail: string; resolved_at: Date }>(
    "update alert set resolved_at = now() where kind = $1 and resolved_at is null returning since, detail, resolved_at",
    [kind],
  );
  const [row] = rows;
  return row && { since: row.since.toISOString(), detail: row.detail, resolved_at: row.resolved_at.toISOString() };
}
