/** What runs beside the requests, in any number of processes: voucher batches, imports and jobs, watching pools, and forgetting old idempotency keys and delivered events. */
import { setTimeout as delay } from "node:timers/promises";
import type { ClickHouseClient } from "@clickhouse/client";
import type pg from "pg";
import type { Logger } from "pino";
import { runConsumer } from "../ingest/consumer.ts";
import { readConsumers, standsFromSeconds } from "../ingest/consumer-cursor.ts";
import { pruneOutbox } from "../ingest/prune.ts";
import { runReconciliation } from "../ingest/reconciliation/worker.ts";
import type { Models } from "../models/serving.ts";
import { type AlertOptions, watchAlerts } from "./alerts/watch.ts";
import { sweepAttempts, sweptAttemptsMax } from "./attempts/attempts.ts";
import { watchBudgets } from "./campaigns/watch-budgets.ts";
import { runClusterRefresh } from "./clusters/worker.ts";
import { runPredictions } from "./customers/prediction-worker.ts";
import { runCustomerRefresh } from "./customers/wide-worker.ts";
import { createKysely } from "./db/kysely.ts";
import { defaultKept, type Kept, runForgetting } from "./deliveries/forget.ts";
import { runDeliveries } from "./deliveries/run.ts";
import { runRetention } from "./erasures/retention.ts";
import { runErasures } from "./erasures/worker.ts";
import { runFanOut } from "./event-subscriptions/fan-out.ts";
import { runEventSending } from "./event-subscriptions/send.ts";
import { runEventSweep } from "./event-subscriptions/sweep.ts";
import { sweepIdempotencyKeys, sweptRowsMax } from "./http/idempotency.ts";
import { runImports } from "./imports/worker.ts";
import { runJobs } from "./jobs/run.ts";
import { allTasks } from "./jobs/tasks.ts";
import { runListExports } from "./list-exports/work.ts";
import { runDriftLooks } from "./models/drift-worker.ts";
import { type RetrainOptions, runRetraining } from "./models/retrain-worker.ts";
import { runOfferMeasures } from "./offers/measure.ts";
import type { Outbound } from "./outbound/vet.ts";
import { runPointsExpiry } from "./points/expire.ts";
import { watchPools } from "./pools/watch.ts";
import { forgetOldPopups } from "./popups/forget.ts";
import { deliveryFollower } from "./publications/follow-deliveries.ts";
import { runJobTidying } from "./publications/jobs/tidy.ts";
import { runPublicationJobs } from "./publications/jobs/worker.ts";
import { watchStock } from "./publications/stock/watch.ts";
import { findProjectsWithDueHolds } from "./reservations/queries.ts";
import { releaseDueHolds } from "./reservations/release.ts";
import { runClawBacks } from "./reviews/claw-back/work.ts";
import { reviewConsumer } from "./reviews/open.ts";
import { runSettlements } from "./reviews/settle.ts";
import { rescoreMarker } from "./risk/rescore/mark.ts";
import { runRescoring } from "./risk/rescore/worker.ts";
import type { Sealer } from "./secrets/seal.ts";
import { runSegmentEvaluation } from "./segments/evaluate/worker.ts";
import { runSignals } from "./signals/follow.ts";
import { runVoucherBatches } from "./vouchers/batch-worker.ts";
import { runVoucherImports } from "./vouchers/imports/worker.ts";
import { runVoucherJobs } from "./vouchers/jobs/worker.ts";
import { workflowConsumer } from "./workflows/follow.ts";
import { runScans } from "./workflows/scan.ts";

export interface WorkerDeps {
  readonly pool: pg.Pool;
  readonly warehouse: ClickHouseClient;
  readonly log: Logger;
  /** Opens the credentials of channels. */
  readonly sealer: Sealer;
  /** Where this service is reached from outside; absent: messages have no unsubscribe links. */
  readonly publicUrl: string | undefined;
  /** Absolute; where exported lists are written. */
  readonly dataDir: string;
  /** What tenants may make us send to. Absent: public addresses alone. */
  readonly outbound?: Outbound;
  /** How long the log of what was sent is kept. Absent: the defaults. */
  readonly kept?: Kept;
  /** How long runs of workflows that ended are kept. Absent: the default. */
  readonly workflowRunsDays?: number;
  /** Absent: the defaults. */
  readonly alerts?: AlertOptions;
  /** Absent: later scores are of rules alone. */
  readonly models?: Pick<Models, "scoreRisk">;
  /** Absent: models are trained by hand only. */
  readonly retrain?: RetrainOptions | undefined;
}

const purgeEveryMs = 10 * 60_000;
/** What ClickHouse may have lost can be sent again from the outbox for this long. */
const outboxDays = 7;

/** Returns when `signal` is aborted and each worker has put its work down. */
export async function runWorkers(deps: WorkerDeps, signal: AbortSignal): Promise<void> {
  const db = createKysely(deps.pool);
  const kept = deps.kept ?? defaultKept;
  await Promise.all([
    keepRunning("jobs", (inner) => runJobs(deps, allTasks({ db }), inner), deps.log, signal),
    keepRunning("deliveries", (inner) => runDeliveries({ outbound: undefined, ...deps, db }, inner), deps.log, signal),
    keepRunning("voucher batches", (inner) => runVoucherBatches(deps, inner), deps.log, signal),
    keepRunning("voucher imports", (inner) => runVoucherImports(deps, inner), deps.log, signal),
    keepRunning("imports", (inner) => runImports(deps, inner), deps.log, signal),
    keepRunning("voucher jobs", (inner) => runVoucherJobs(deps, inner), deps.log, signal),
    keepRunning("stock of pools", (inner) => watchPools(deps, inner), deps.log, signal),
    keepRunning("budgets", (inner) => watchBudgets(deps, inner), deps.log, signal),
    keepRunning("idempotency keys", (inner) => purgeIdempotencyKeys(deps, inner), deps.log, signal),
    keepRunning("attempts", (inner) => purgeAttempts(deps, inner), deps.log, signal),
    keepRunning("reservations", (inner) => endDueHolds(deps, inner), deps.log, signal),
    keepRunning("points expiry", (inner) => runPointsExpiry(deps, inner), deps.log, signal),
    keepRunning("alerts", (inner) => watchAlerts(deps, inner), deps.log, signal),
    keepRunning("reconciliation", (inner) => runReconciliation(deps, inner), deps.log, signal),
    keepRunning("wide rows of customers", (inner) => runCustomerRefresh(deps, inner), deps.log, signal),
    keepRunning("dynamic segments", (inner) => runSegmentEvaluation(deps, inner), deps.log, signal),
    keepRunning("predictions of customers", (inner) => runPredictions(deps, inner), deps.log, signal),
    keepRunning("measures of offers", (inner) => runOfferMeasures(deps, inner), deps.log, signal),
    keepRunning(
      "signals",
      (inner) => runSignals({ db: createKysely(deps.pool), log: deps.log }, inner),
      deps.log,
      signal,
    ),
    keepRunning("list exports", (inner) => runListExports({ ...deps, db }, inner), deps.log, signal),
    keepRunning("events to be sent", (inner) => runFanOut({ ...deps, db }, inner), deps.log, signal),
    keepRunning("sending of events", (inner) => runEventSending({ ...deps, db }, inner), deps.log, signal),
    keepRunning("events that were sent", (inner) => runEventSweep({ ...deps, db }, kept, inner), deps.log, signal),
    keepRunning("old deliveries", (inner) => runForgetting({ ...deps, db }, kept, inner), deps.log, signal),
    keepRunning("linked accounts", (inner) => runClusterRefresh(deps, inner), deps.log, signal),
    keepRunning("training of models", (inner) => runRetraining(deps, inner), deps.log, signal),
    keepRunning("drift of models", (inner) => runDriftLooks(deps, inner), deps.log, signal),
    keepRunning("old pop-ups", (inner) => purgePopups({ ...deps, db }, inner), deps.log, signal),
    keepRunning("publication jobs", (inner) => runPublicationJobs(deps, inner), deps.log, signal),
    keepRunning("old publication jobs", (inner) => runJobTidying({ db }, inner), deps.log, signal),
    keepRunning("stock of campaigns", (inner) => watchStock({ ...deps, db }, inner), deps.log, signal),
    keepRunning("returned codes", (inner) => runConsumer(deliveryFollower({ ...deps, db }), inner), deps.log, signal),
    keepRunning("reviews", (inner) => runConsumer(reviewConsumer({ ...deps, db }), inner), deps.log, signal),
    keepRunning("reviewed reservations", (inner) => runSettlements({ ...deps, db }, inner), deps.log, signal),
    keepRunning(
      "what is scored again",
      (inner) => runConsumer(rescoreMarker({ ...deps, db }), inner),
      deps.log,
      signal,
    ),
    keepRunning("later scores", (inner) => runRescoring({ ...deps, db }, inner), deps.log, signal),
    keepRunning("claw-backs", (inner) => runClawBacks(deps, inner), deps.log, signal),
    keepRunning("workflows", (inner) => runConsumer(workflowConsumer({ ...deps, db }), inner), deps.log, signal),
    keepRunning("days of workflows", (inner) => runScans({ ...deps, db }, inner), deps.log, signal),
    keepRunning("retention", (inner) => runRetention(deps, inner), deps.log, signal),
    keepRunning("erasures", (inner) => runErasures(deps, inner), deps.log, signal),
    keepRunning("delivered events", (inner) => purgeOutbox(deps, inner), deps.log, signal),
  ]);
}

const pauseMinMs = 500;
const pauseMaxMs = 30_000;

/** A loop that fails (a store was away, say) is begun again after a pause that grows from 0.5 to 30 s. */
export async function keepRunning(
  name: string,
  loop: (signal: AbortSignal) => Promise<void>,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  let pauseMs = pauseMinMs;
  while (!signal.aborted) {
    const began = Date.now();
    try {
      await loop(signal);
      if (!signal.aborted) throw new Error("the loop ended by itself");
    } catch (error) {
      if (signal.aborted) return;
      if (Date.now() - began > pauseMaxMs) pauseMs = pauseMinMs;
      log.error({ part: name, err: error, again_in_ms: pauseMs }, "failed, and begins again");
      await delay(pauseMs, undefined, { signal }).catch(() => undefined);
      pauseMs = Math.min(pauseMs * 2, pauseMaxMs);
    }
  }
}

async function purgeIdempotencyKeys({ pool, log }: WorkerDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    let deleted = 0;
    let rows = sweptRowsMax;
    // Oldest first in small transactions: a request that inserts a key never waits for this.
    while (rows === sweptRowsMax && !signal.aborted) {
      rows = await sweepIdempotencyKeys(pool);
      deleted += rows;
    }
    if (deleted > 0) log.info({ deleted }, "forgot old idempotency keys");
    await delay(purgeEveryMs, undefined, { signal }).catch(() => undefined);
  }
}

async function purgeAttempts({ pool }: WorkerDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    let rows = sweptAttemptsMax;
    while (rows === sweptAttemptsMax && !signal.aborted) rows = await sweepAttempts(pool);
    await delay(purgeEveryMs, undefined, { signal }).catch(() => undefined);
  }
}

const holdsEveryMs = 1_000;

/** A hold ends at its time by itself; this tells the warehouse, and frees what nobody has asked for since. */
async function endDueHolds({ pool, log }: WorkerDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    let ended = 0;
    for (const projectId of await findProjectsWithDueHolds(pool)) ended += await releaseDueHolds(pool, projectId);
    if (ended > 0) log.info({ ended }, "reservations ran out");
    await delay(holdsEveryMs, undefined, { signal }).catch(() => undefined);
  }
}

async function purgeOutbox({ pool, log }: WorkerDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const deleted = await pruneOutbox(pool, outboxDays);
    if (deleted > 0) log.info({ deleted }, "forgot delivered events");
    for (const { name, seconds } of await readConsumers(pool)) {
      if (seconds > standsFromSeconds) log.error({ consumer: name, seconds }, "a consumer stands: the outbox grows");
    }
    await delay(purgeEveryMs, undefined, { signal }).catch(() => undefined);
  }
}

const sweptPopupsMax = 5_000;

async function purgePopups(
  { db }: { readonly db: ReturnType<typeof createKysely> },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    while ((await forgetOldPopups(db, sweptPopupsMax)) === sweptPopupsMax && !signal.aborted);
    await delay(purgeEveryMs, undefined, { signal }).catch(() => undefined);
  }
}
