/**
 * Advisory locks of Postgres by which processes agree who may touch the warehouse. Session locks: they end with the
 * session, also when its process is killed.
 */

/** Held by the relay that works; the others stand by. */
export const relayLock = 7_407_331_022;

/** Held by the process that reconciles continuously. */
export const reconciliationLock = 7_407_331_023;

/** Held by the process that recomputes wide rows of customers, during a pass. */
export const customerRefreshLock = 7_407_331_025;

/** Held by the process that computes clusters of linked accounts, during a pass. */
export const clusterRefreshLock = 7_407_331_029;

/** Held by the process that trains models by the schedule. */
export const retrainLock = 7_407_331_030;

/** Held by the process that measures campaigns for the ranking of offers, during a pass. */
export const offerMeasureLock = 7_407_331_031;

/** Held by the process that scores redemptions again, during a pass. */
export const rescoreLock = 7_407_331_032;

/** Held by the process that predicts what customers will buy, during a pass. */
export const predictionLock = 7_407_331_033;

/** Held by the process that looks at the drift of models, during a look. */
export const modelDriftLock = 7_407_331_034;

/** Held by the process that evaluates dynamic segments, during a pass. */
export const segmentEvaluationLock = 7_407_331_041;

/** Held by the process that works on erasures, or looks for customers to erase. */
export const erasureLock = 7_407_331_027;

/**
 * Exclusive: a backup, which copies ClickHouse first and Postgres after it. Shared: whoever changes both stores at events
 * that were delivered long ago (erasure, retried dead letters): done between the two copies it would be in one of them
 * only, and no relay would bring it to the other. What the relay does is brought up after a restore, so it goes on.
 * Taken before `warehouseRewriteLock`.
 */
export const backupLock = 7_407_331_026;

/**
 * Keeps what is already in the warehouse from being rewritten under those who rely on it.
 *
 * Exclusive: whoever changes or removes stored events (erasure).
 * Shared: who compares the stores, and who carries rows of the outbox to the warehouse, from reading them to having
 * marked them delivered. So a holder of the exclusive lock knows that nobody carries an old copy of a row, with one
 * exception: a relay that was killed may have left its batch open (`relay_batch` with `delivered_at is null`) and its
 * insert under way. Who rewrites waits, without the lock, until no batch is open, and takes the lock again.
 */
export const warehouseRewriteLock = 7_407_331_024;

/**
 * The first half of a lock of two halves; the second is made from a consumer's name. Held by the process whose consumer of
 * the outbox works, for one transaction.
 */
export const consumerLocks = 740_733_103;

/** The same for jobs; the second half is a number that each process draws. Held while the process works at jobs. */
export const jobWorkerLocks = 740_733_104;
