/**
 * The SQL of training: every attempt with the measures as of strictly before it, out of the events alone. It is written
 * from `measures.ts`, as the reading of the online store is.
 *
 * Every measure is a sum of changes. An attempt at `a` that counts for a window `w` is +1 at `a` and -1 at `a + w`, and
 * the measure at `t` is the sum of all changes before `t`: so `t - w <= a < t`. A counterpart that was seen at `a` and next
 * at `b` is one among the different ones from `a` to `min(b, a + w)`. A day or a step ends a fixed time after it began. All
 * of it is then one running sum a subject, whose frame never loses a row: ClickHouse computes frames whose start moves
 * anew for each row, which is quadratic for a busy code.
 */
import { announcedKinds, newcomerSeconds, type SubjectKind, subjectKinds } from "./kinds.ts";
import {
  countMost,
  dayMs,
  distinctMost,
  keptDays,
  type Measure,
  type MeasureName,
  measureNames,
  measures,
  stepMs,
  stepsInWindow,
} from "./measures.ts";
import { sharedKinds } from "./read.ts";

/** Beside the measures' kinds: that a thing and a customer were seen together, for referral codes. */
const pairKinds = sharedKinds.map((kind) => `pair_${kind}` as const);
type Kind = SubjectKind | (typeof pairKinds)[number];
const kinds: readonly Kind[] = [...subjectKinds, ...pairKinds];

/** Slots of changes that are no measure: the attempts themselves, and the newest redemption. */
const probeSlot = 254;
const lastSlot = 253;

/** pair: how often a thing and a customer were seen together. */
type Slot = Measure | { readonly how: "pair" };

/** The measures of a kind in the order of their slots; a pair has one. */
function slotsOf(kind: Kind): Slot[] {
  if (isPair(kind)) return [{ how: "pair" }];
  return measureNames.map((name): Measure => measures[name]).filter((measure) => measure.kind === kind);
}

function isPair(kind: Kind): kind is (typeof pairKinds)[number] {
  return (pairKinds as readonly string[]).includes(kind);
}

const slotsMost = Math.max(...kinds.map((kind) => slotsOf(kind).length));

/** Changes of one sighting for one measure: tuples of slot, moment and change. */
function changesOf(measure: Slot, slot: number): string[] {
  const change = (at: string, by: string) => `(toUInt8(${slot}), toInt64(${at}), toInt64(${by}))`;
  switch (measure.how) {
    case "pair": {
      const weight = "(redeemed + rejected + ordered)";
      return [change("at_ms", weight), change(`at_ms + ${keptDays * dayMs}`, `-${weight}`)];
    }
    case "count": {
      const weight = measure.of === "attempted" ? "(redeemed + rejected)" : measure.of;
      return [change("at_ms", weight), change(`at_ms + ${measure.windowMs}`, `-${weight}`)];
    }
    case "distinct": {
      const weight = `(${measure.of} != 0)`;
      const end = `least(next_${measure.of}, at_ms + ${measure.windowMs})`;
      return [change("at_ms", weight), change(end, `-toInt8(${weight})`)];
    }
    case "days": {
      const figure = {
        redemptions: "redeemed",
        log_amount: "log_amount",
        log_discount: "log_discount",
        firsts: "is_first",
        active_days: "opens_day",
      };
      const weight = `redeemed * ${figure[measure.sum]}`;
      return [change("at_ms", weight), change(`(day + ${measure.days}) * ${dayMs} - 1`, `-(${weight})`)];
    }
    case "steps": {
      const end = `(intDiv(at_ms, ${stepMs}) + ${stepsInWindow}) * ${stepMs} - 1`;
      return [change("at_ms", "redeemed"), change(end, "-redeemed")];
    }
    case "last":
      return [`(toUInt8(${lastSlot}), toInt64(at_ms), toInt64(redeemed * at_ms))`];
  }
}

/** What a reading makes of a sum: where a kind is not there it is null, by maxOrNull. */
function readingOf(name: MeasureName): string {
  const measure: Measure = measures[name];
  const kind = kinds.indexOf(measure.kind);
  const slot = slotsOf(measure.kind).indexOf(measure);
  // Inside: of a null and a number, least is the number.
  const most = { count: countMost, distinct: distinctMost, days: undefined, steps: undefined, last: undefined }[
    measure.how
  ];
  const sum = most === undefined ? `s${slot}` : `least(s${slot}, ${most})`;
  if (measure.how !== "last") return `maxOrNullIf(${sum}, kind = ${kind})`;
  const last = `maxOrNullIf(last_ms, kind = ${kind})`;
  const gap = `(any(probe_ms) - ${last})`;
  return `if(${last} = 0 OR ${gap} > ${keptDays * dayMs}, null, ${gap} / 1000)`;
}

/** An order says whose things are whose, and nothing else. */
function knownOf(kind: SubjectKind, text: string): string {
  if (kind === "habit") return "customer != '' AND campaign != ''";
  const isOfOrders = kind === "customer" || (sharedKinds as readonly string[]).includes(kind);
  return isOfOrders ? `${text} != ''` : `${text} != '' AND NOT ordered`;
}

/** The tuple of a subject: its kind, its number, whether attempts ask for it, whether sightings count for it. */
function subjectTuples(): string {
  const subject: Record<SubjectKind, string> = {
    customer: "customer",
    ...(Object.fromEntries(announcedKinds.map((kind) => [kind, `signals['${kind}']`])) as Record<
      (typeof announcedKinds)[number],
      string
    >),
    code: "code",
    campaign: "campaign",
    habit: "concat(customer, '/', campaign)",
    project: "currency",
  };
  const tuple = (kind: Kind, text: string, known: string, probes: string, counts: string) =>
    `(toUInt8(${kinds.indexOf(kind)}), if(${known}, cityHash64('${kind}', ${text}), 0), toUInt8(${probes}), toUInt8(${counts}))`;
  return [
    ...subjectKinds
      .filter((kind) => slotsOf(kind).length > 0)
      .map((kind) => tuple(kind, subject[kind], knownOf(kind, subject[kind]), "asks", "1")),
    ...sharedKinds.flatMap((kind) => {
      const thing = `signals['${kind}']`;
      const seen = tuple(`pair_${kind}`, `${thing}, customer`, `${thing} != '' AND customer != ''`, "0", "NOT undone");
      const asked = tuple(`pair_${kind}`, `${thing}, referrer`, `${thing} != '' AND referrer != ''`, "asks", "0");
      return [seen, asked];
    }),
  ].join(",\n    ");
}

/** Nobody is seen again before the end of time. */
const never = 9_000_000_000_000_000;

/** @param beforeMs how long before the attempt it looks, at least: 1, strictly before it. A test looks into the future. */
export function signalSituations(beforeMs = 1): string {
  const end = beforeMs > 0 ? `${beforeMs} PRECEDING` : `${-beforeMs} FOLLOWING`;
  const changes = kinds
    .filter((kind) => slotsOf(kind).length > 0)
    .map((kind) => `kind = ${kinds.indexOf(kind)}, [${slotsOf(kind).flatMap(changesOf).join(", ")}]`)
    .join(",\n      ");
  const next = (counterpart: string) =>
    `leadInFrame(at_ms, 1, toInt64(${never})) OVER (PARTITION BY subject, ${counterpart} ORDER BY at_ms ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS next_${counterpart}`;
  const sums = Array.from(
    { length: slotsMost },
    (_, slot) => `sum(if(slot = ${slot}, change, 0)) OVER before AS s${slot}`,
  ).join(", ");
  const shares = sharedKinds
    .map(
      (kind) =>
        `(ifNull(maxOrNullIf(s0, kind = ${kinds.indexOf(`pair_${kind}`)}), 0) > 0 AND ${readingOf(`${kind}_shoppers_90d`)} < ${distinctMost})`,
    )
    .join(" OR ");
  return `
WITH
referral AS (
  SELECT codes.voucher_id[1] AS code, argMin(customer, (recorded_at, event_id)) AS referrer
  FROM events
  WHERE project_id = {project:String} AND type = 'voucher.published' AND channel = 'referral'
  GROUP BY code
),
asked AS (
  SELECT event_id, subject_id, redemption_id, type, customer, signals, currency, amount, discount_amount,
         toUnixTimestamp64Milli(occurred_at) AS at_ms, toHour(occurred_at) AS hour_of_day,
         length(items.quantity) AS lines_count, arraySum(items.quantity) AS items_quantity, risk_action,
         arrayCount(typed -> typed != '', codes.code) AS codes_count,
         codes.voucher_id[1] AS code, if(code = '', '', codes.campaign_id[1]) AS campaign,
         arrayExists((voucher, typed) -> voucher = '' AND typed != '', codes.voucher_id, codes.code) AS is_unknown,
         toInt64OrNull(signals['account_age_seconds']) AS account_age_seconds,
         toUInt8(signals['campaign_uses_28d'] = '0') AS is_first
  FROM events
  WHERE project_id = {project:String}
    AND type IN ('redemption.succeeded', 'redemption.rejected', 'redemption.rolled_back', 'order.paid')
    AND NOT (type = 'redemption.rolled_back' AND outcome = 'part')
),
attempt AS (
  SELECT asked.*, referral.referrer AS referrer,
         toUInt8(type = 'redemption.succeeded') AS redeemed, toUInt8(type = 'redemption.rejected') AS rejected,
         toUInt8(type = 'redemption.rolled_back') AS undone, toUInt8(rejected AND is_unknown) AS unknown,
         toUInt8(type = 'order.paid') AS ordered, -- What stands again after it was taken back was asked for once, and scored then.
         toUInt8((redeemed OR rejected) AND risk_action != '') AS asks,
         -- Numbers, not texts: all that follows is sorted by them, and carried along. 0 is nobody.
         cityHash64(event_id) AS id,
         multiIf(undone, 0, customer != '', cityHash64('c', customer), signals['device'] != '', cityHash64('d', signals['device']),
           signals['card'] != '', cityHash64('k', signals['card']), signals['address'] != '', cityHash64('a', signals['address']),
           0) AS shopper,
         if(customer = '' OR ifNull(account_age_seconds < ${newcomerSeconds}, 0), shopper, 0) AS newcomer,
         if(undone OR signals['network'] = '', 0, cityHash64(signals['network'])) AS network,
         intDiv(at_ms, ${dayMs}) AS day,
         toInt64(round(1000 * log1p(amount))) AS log_amount, toInt64(round(1000 * log1p(discount_amount))) AS log_discount
  FROM asked LEFT JOIN referral ON referral.code = asked.code
),
sighting AS (
  SELECT id, at_ms, redeemed, rejected, unknown, undone, ordered, is_first, shopper, newcomer, network, day, log_amount, log_discount,
         named.1 AS kind, named.2 AS subject, named.3 AS probes, named.4 AS counts
  FROM attempt
  ARRAY JOIN arrayFilter(each -> each.2 != 0, [
    ${subjectTuples()}
  ]) AS named
),
seen AS (
  SELECT *,
         ${["shopper", "newcomer", "network"].map(next).join(",\n         ")},
         row_number() OVER (PARTITION BY subject, redeemed, day ORDER BY at_ms) = 1 AS opens_day
  FROM sighting
),
moved AS (
  SELECT id, at_ms AS probe_ms, kind, subject, changed.1 AS slot, changed.2 AS moment, changed.3 AS change
  FROM seen
  ARRAY JOIN arrayConcat(
    if(probes, [(toUInt8(${probeSlot}), toInt64(at_ms), toInt64(0))], []),
    arrayFilter(each -> counts AND each.3 != 0, multiIf(
      ${changes},
      []))) AS changed
),
summed AS (
  SELECT id, probe_ms, kind, slot,
         max(if(slot = ${lastSlot}, change, 0)) OVER before AS last_ms,
         ${sums}
  FROM moved
  WINDOW before AS (PARTITION BY kind, subject ORDER BY moment RANGE BETWEEN UNBOUNDED PRECEDING AND ${end})
),
reading AS (
  SELECT id,
    ${measureNames.map((name) => `${readingOf(name)} AS ${name}`).join(",\n    ")},
    toUInt8(${shares}) AS is_self_referral
  FROM summed
  WHERE slot = ${probeSlot}
  GROUP BY id
)
SELECT
  attempt.at_ms AS at_ms, 0 AS label, attempt.subject_id AS subject_id, attempt.redemption_id AS redemption_id,
  attempt.subject_id AS tie, attempt.redeemed AS succeeded,
  attempt.amount AS order_amount, attempt.discount_amount AS discount_amount,
  attempt.lines_count AS lines_count, attempt.items_quantity AS items_quantity, attempt.codes_count AS codes_count,
  attempt.hour_of_day AS hour_of_day, attempt.customer = '' AS is_guest,
  if(attempt.customer = '', null, attempt.account_age_seconds) AS account_age_seconds,
  reading.* EXCEPT (id)
FROM attempt INNER JOIN reading ON reading.id = attempt.id
WHERE attempt.asks`;
}
