/** What the online store knows of an attempt: asked for with all other facts, in one read. */
import type { Kysely } from "kysely";
import type { SignalsPart } from "../../ingest/events/parts.ts";
import { restoreState } from "../../models/features/signals/codec.ts";
import type { SubjectKind, Subjects } from "../../models/features/signals/kinds.ts";
import { nothingKnown, type Readings } from "../../models/features/signals/measures.ts";
import { isSeenWith, readMeasures } from "../../models/features/signals/read.ts";
import { habitOf } from "../../models/features/signals/sighting.ts";
import type { SubjectState } from "../../models/features/signals/state.ts";
import type { DB } from "../db/tables.ts";
import { normalizeCode } from "../domain/codes.ts";
import { type SignalKey, signalKey } from "./secret.ts";
import { hashOrigin, hashSubject, hmacBlocks, type Origin } from "./subjects.ts";

export interface SignalFacts {
  readonly known: Readings;
  /** Null for a guest. */
  readonly accountAgeSeconds: number | null;
  readonly isSelfReferral: boolean;
  /** What events say of it; undefined where there is nothing to say. */
  readonly announced: SignalsPart | undefined;
}

/** Of a question that nobody scores, and of history. */
export const noSignals: SignalFacts = {
  known: nothingKnown,
  accountAgeSeconds: null,
  isSelfReferral: false,
  announced: undefined,
};

/** What is asked for, and what was told. */
export interface AskedSignals {
  readonly key: {
    readonly subjects: Subjects;
    readonly code: string | null;
    readonly inner: string;
    readonly outer: string;
  };
  readonly secret: SignalKey;
  readonly customer: string | null;
  readonly origin: SignalsPart;
}

export interface SignalsRequest {
  readonly projectId: string;
  readonly codes: readonly string[];
  readonly customer: string | null;
  readonly order: { readonly currency: string };
  readonly origin: Origin;
}

export async function askSignals(db: Kysely<DB>, request: SignalsRequest): Promise<AskedSignals> {
  const secret = await signalKey(db, request.projectId);
  const origin = hashOrigin(secret, request.origin);
  const { customer } = request;
  const [first] = request.codes;
  return {
    key: {
      subjects: {
        ...origin,
        ...(customer === null ? {} : { customer: hashSubject(secret, "customer", customer) }),
        project: request.order.currency,
      },
      code: first === undefined ? null : normalizeCode(first),
      ...hmacBlocks(secret),
    },
    secret,
    customer,
    origin,
  };
}

/** What of the facts it takes. */
interface Row {
  readonly customer: { readonly created_at: number } | null;
  readonly email_shape: string | null;
  readonly states: string | null;
  readonly vouchers: readonly {
    readonly id: string;
    readonly code: string;
    readonly referrer: string | null;
    readonly campaign: { readonly id: string };
  }[];
}

/** @param now epoch milliseconds, at which it is decided */
export function signalFacts({ key, secret, customer, origin }: AskedSignals, row: Row, now: number): SignalFacts {
  const voucher = row.vouchers.find(({ code }) => code === key.code);
  const shape = row.email_shape === null ? {} : { email_shape: row.email_shape };
  const subjects: Subjects = {
    ...key.subjects,
    ...shape,
    ...(voucher === undefined ? {} : ofVoucher(key.subjects.customer ?? null, voucher)),
  };
  const states = statesOf(row.states);
  const age = customer === null ? null : ageOf(row.customer?.created_at, now);
  const known = readMeasures(subjects, states, now);
  const uses = known.habit_redeemed_28d;
  const announced: SignalsPart = {
    ...{ ...origin, ...shape },
    ...(age === null ? {} : { account_age_seconds: age }),
    ...(uses === null ? {} : { campaign_uses_28d: uses }),
  };
  const owner = voucher?.referrer ?? null;
  return {
    known,
    accountAgeSeconds: age,
    isSelfReferral: owner !== null && isSeenWith(hashSubject(secret, "customer", owner), subjects, states, now),
    announced: Object.keys(announced).length === 0 ? undefined : announced,
  };
}

function ofVoucher(customer: string | null, { id, campaign }: Row["vouchers"][number]): Subjects {
  return { code: id, campaign: campaign.id, ...habitOf(customer, campaign.id) };
}

/** Whole seconds; 0 for a customer who is made by this. */
function ageOf(createdAt: number | undefined, now: number): number {
  return createdAt === undefined ? 0 : Math.max(0, Math.floor((now - createdAt) / 1000));
}

/** What cannot be read costs the score, never the sale: the consumer begins such a state anew, and says so. */
function statesOf(text: string | null): ReadonlyMap<SubjectKind, SubjectState> {
  if (text === null) return new Map();
  try {
    const stored = JSON.parse(text) as [SubjectKind, Parameters<typeof restoreState>[0]][];
    return new Map(stored.map(([kind, state]) => [kind, restoreState(state)]));
  } catch {
    return new Map();
  }
}
