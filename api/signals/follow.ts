/** Feeds the online store: a consumer of the outbox that turns attempts into the states of their subjects. */
import { setTimeout as delay } from "node:timers/promises";
import type { Kysely, Transaction } from "kysely";
import type { Logger } from "pino";
import { type ConsumedEvent, type ConsumerOptions, runConsumer } from "../../ingest/consumer.ts";
import { decodeState, encodeState } from "../../models/features/signals/codec.ts";
import type { SubjectKind } from "../../models/features/signals/kinds.ts";
import { keptDays } from "../../models/features/signals/measures.ts";
import { type Sighting, sightingOf, sightingTypes } from "../../models/features/signals/sighting.ts";
import { emptyState, isKept, type SubjectState, see } from "../../models/features/signals/state.ts";
import type { DB } from "../db/tables.ts";
import { signalKey } from "./secret.ts";
import { pruneStates, readStates, type StoreKey, writeStates } from "./store.ts";
import { hashSubject } from "./subjects.ts";

export const signalsConsumer = "signals";
/** Half an hour after a start, so that a product that is started and stopped often does nothing of the kind. */
const pruneEveryMs = 6 * 60 * 60_000;
const pruneFirstMs = 30 * 60_000;

export interface FollowDeps {
  readonly db: Kysely<DB>;
  readonly log: Logger;
}

type Attempted = ConsumedEvent<(typeof sightingTypes)[number]>;

export function signalsFollower({ db, log }: FollowDeps): ConsumerOptions<Attempted["type"]> {
  return {
    db,
    log,
    name: signalsConsumer,
    types: sightingTypes,
    handle: (tx, events) => follow({ db, log }, tx, events),
  };
}

export async function runSignals(deps: FollowDeps, signal: AbortSignal): Promise<void> {
  await Promise.all([runConsumer(signalsFollower(deps), signal), pruneRegularly(deps, signal)]);
}

async function pruneRegularly({ db, log }: FollowDeps, signal: AbortSignal): Promise<void> {
  await delay(pruneFirstMs, undefined, { signal }).catch(() => undefined);
  while (!signal.aborted) {
    try {
      const deleted = await pruneStates(db, keptDays, signal);
      if (deleted > 0) log.info({ deleted }, "forgot subjects of signals");
    } catch (error) {
      log.warn({ err: error }, "subjects of signals could not be forgotten");
    }
    await delay(pruneEveryMs, undefined, { signal }).catch(() => undefined);
  }
}

/** `db` is where the key of hashes is kept: it is read once a process. */
async function follow({ db, log }: FollowDeps, tx: Transaction<DB>, events: readonly Attempted[]): Promise<void> {
  const sightings: Sighting[] = [];
  for (const event of events) {
    const { customer } = event.payload;
    const hash = customer === null ? null : hashSubject(await signalKey(db, event.project_id), "customer", customer);
    const sighting = sightingOf(event, hash);
    if (sighting !== undefined) sightings.push(sighting);
  }
  const states = await loadStates(tx, sightings, log);
  for (const sighting of sightings) {
    for (const [kind, subject] of subjectsOf(sighting)) {
      const state = states.get(keyOf({ projectId: sighting.projectId, kind, subject }));
      if (state !== undefined) see(state.state, kind, sighting);
    }
  }
  // In the order of the key: whoever walks along it meets no deadlock.
  const entries = [...states].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
  await writeStates(
    tx,
    entries.map(({ key, state }) => ({ ...key, state: encodeState(state) })),
  );
}

function* subjectsOf({ subjects }: Sighting): Generator<[SubjectKind, string]> {
  for (const [kind, subject] of Object.entries(subjects) as [SubjectKind, string | undefined][]) {
    if (subject !== undefined && subject !== "" && isKept(kind)) yield [kind, subject];
  }
}

function keyOf({ projectId, kind, subject }: StoreKey): string {
  return `${projectId}\0${kind}\0${subject}`;
}

async function loadStates(tx: Transaction<DB>, sightings: readonly Sighting[], log: Logger) {
  const states = new Map<string, { readonly key: StoreKey; state: SubjectState }>();
  for (const sighting of sightings) {
    for (const [kind, subject] of subjectsOf(sighting)) {
      const key = { projectId: sighting.projectId, kind, subject };
      states.set(keyOf(key), { key, state: emptyState() });
    }
  }
  const known = await readStates(
    tx,
    [...states.values()].map(({ key }) => key),
  );
  for (const row of known) {
    const entry = states.get(keyOf(row));
    if (entry === undefined) continue;
    try {
      entry.state = decodeState(row.state);
    } catch (error) {
      // Begun anew: else every event of the subject, and of a project's all, would hold up those of everybody.
      log.error({ project_id: row.projectId, kind: row.kind, err: error }, "a state of signals could not be read");
    }
  }
  return states;
}
