/** From what one checkout costs to what so many a second need. Pure: the figures of `docs/scale.md` are this, applied. */

/** Measured. Seconds of one core, and bytes. */
export interface Costs {
  /** Of the API process and of PostgreSQL, for one call each. */
  readonly calls: Readonly<Record<"validation" | "redemption" | "order", CallCost>>;
  /** For one event. */
  readonly relay: number;
  readonly postgresOfRelay: number;
  /** Inserting and merging. */
  readonly clickhouseInsert: number;
  readonly outboxBytes: number;
  readonly clickhouseBytes: number;
}

export interface CallCost {
  readonly api: number;
  readonly postgres: number;
  readonly walBytes: number;
  readonly databaseBytes: number;
}

/** Chosen, not measured; `docs/scale.md` says so. */
export const assumptions = {
  /** A checkout: a validation, a redemption, an order. Each announces one event. */
  eventsPerCheckout: 3,
  /** What a core may be busy at the peak. */
  utilisation: 0.6,
  /** The day's mean is this share of the peak. */
  meanOfPeak: 0.25,
  outboxDays: 7,
  coresOfPostgres: 32,
  walBytesPerSecondOfPostgres: 200e6,
  /** A year of orders and redemptions; older ones are archived. */
  bytesOfPostgres: 10e12,
  coresOfShard: 16,
  /** Of a shard's disk, two years of events. */
  bytesOfShard: 2e12,
  yearsKept: 2,
  replicas: 2,
} as const;

export interface Plan {
  readonly redemptionsPerSecond: number;
  readonly eventsPerSecond: number;
  readonly apiCores: number;
  readonly postgresCores: number;
  readonly walBytesPerSecond: number;
  readonly postgresInstances: number;
  readonly relayCores: number;
  readonly clickhouseCores: number;
  readonly shards: number;
  readonly eventsPerYear: number;
  readonly clickhouseBytesPerYear: number;
  readonly postgresBytesPerYear: number;
  readonly outboxBytes: number;
  /** Of one shard's month. */
  readonly rowsPerPartition: number;
  readonly bottleneck: string;
}

const secondsPerYear = 365 * 86_400;

export function plan(costs: Costs, redemptionsPerSecond: number): Plan {
  const a = assumptions;
  const calls = Object.values(costs.calls);
  const sum = (field: keyof CallCost) => calls.reduce((all, call) => all + call[field], 0);
  const events = redemptionsPerSecond * a.eventsPerCheckout;
  const cores = (perSecond: number, seconds: number) => (perSecond * seconds) / a.utilisation;
  const apiCores = cores(redemptionsPerSecond, sum("api"));
  const postgresCores = cores(redemptionsPerSecond, sum("postgres")) + cores(events, costs.postgresOfRelay);
  const postgresBytesPerYear = redemptionsPerSecond * a.meanOfPeak * secondsPerYear * sum("databaseBytes");
  const walBytesPerSecond = redemptionsPerSecond * sum("walBytes");
  const relayCores = cores(events, costs.relay);
  const clickhouseCores = cores(events, costs.clickhouseInsert);
  const eventsPerYear = events * a.meanOfPeak * secondsPerYear;
  const clickhouseBytesPerYear = eventsPerYear * costs.clickhouseBytes;
  // One relay at a time empties an outbox, on one core: an instance has as many events as that core can send.
  const needs = {
    "PostgreSQL's cores": postgresCores / a.coresOfPostgres,
    "PostgreSQL's write-ahead log": walBytesPerSecond / a.walBytesPerSecondOfPostgres,
    "PostgreSQL's disk": postgresBytesPerYear / a.bytesOfPostgres,
    "the relay's one core": relayCores,
  };
  const postgresInstances = Math.max(1, Math.ceil(Math.max(...Object.values(needs))));
  const shards = Math.max(
    1,
    Math.ceil(clickhouseCores / a.coresOfShard),
    Math.ceil((clickhouseBytesPerYear * a.yearsKept) / a.bytesOfShard),
  );
  const [tightest = ["", 0]] = Object.entries(needs).sort(([, one], [, other]) => other - one);
  return {
    redemptionsPerSecond,
    eventsPerSecond: events,
    apiCores,
    postgresCores,
    walBytesPerSecond,
    postgresInstances,
    relayCores,
    clickhouseCores,
    shards,
    eventsPerYear,
    clickhouseBytesPerYear,
    postgresBytesPerYear,
    outboxBytes: events * a.meanOfPeak * 86_400 * a.outboxDays * costs.outboxBytes,
    rowsPerPartition: eventsPerYear / 12 / shards,
    bottleneck:
      Math.max(...Object.values(needs)) < 0.5 && shards === 1
        ? "none: one machine"
        : `${tightest[0]} (${Math.round(Number(tightest[1]) * 100)} % of one instance)`,
  };
}
