import type { Transaction } from "kysely";
import { z } from "zod";
import type { DB } from "../db/tables.ts";
import { invalid, notFound, Problem } from "../http/problem.ts";
import { invalidRequest } from "../http/router.ts";
import { newId } from "../ids.ts";
import type { Outbound } from "../outbound/vet.ts";
import type { Sealer } from "../secrets/seal.ts";
import type { ChannelAdapter } from "./adapter.ts";
import { adapterOf } from "./adapters.ts";
import { type ChannelRow, findChannel } from "./find.ts";
import { placeOf } from "./open-channel.ts";
import { countChannels, insertChannel, isNameTaken, updateChannel } from "./queries.ts";
import type { ChannelChange, ChannelInput, ChannelWire } from "./schemas.ts";

const channelsMax = 200;

interface ChannelDeps {
  readonly sealer: Sealer;
  readonly outbound?: Outbound | undefined;
}

/** @throws Problem when the name is taken, it leads nowhere we may send to, or there are too many */
export async function createChannel(
  tx: Transaction<DB>,
  { sealer, outbound }: ChannelDeps,
  projectId: string,
  input: ChannelInput,
  at: Date,
): Promise<ChannelWire> {
  if ((await countChannels(tx, projectId)) >= channelsMax) {
    throw new Problem("conflict", `A project has at most ${channelsMax} channels.`);
  }
  const adapter = adapterOf(input.kind);
  if (input.credentials === undefined && adapter?.credentials.safeParse(null).success === false) {
    throw invalid("/credentials", `A channel of the kind ${input.kind} needs credentials.`);
  }
  checkTarget(adapter, input.settings, outbound);
  const id = newId("chn");
  const row = await insertChannel(tx, {
    project_id: projectId,
    id,
    name: input.name,
    kind: input.kind,
    enabled: input.enabled,
    settings: JSON.stringify(input.settings),
    credentials: sealed(sealer, projectId, id, input.credentials ?? null),
    ...rateColumns(input.rate_limit),
    ...capColumns(input.frequency_cap),
    created_at: at,
    updated_at: at,
  });
  if (row === undefined) throw nameTaken(input.name);
  return channelToWire(row);
}

/** @throws Problem `not_found`, `already_exists`, or `invalid_request` with the setting that is wrong */
export async function changeChannel(
  tx: Transaction<DB>,
  { sealer, outbound }: ChannelDeps,
  projectId: string,
  id: string,
  change: ChannelChange,
  at: Date,
): Promise<ChannelWire> {
  const before = await findChannel(tx, projectId, id);
  const adapter = before && adapterOf(before.kind);
  if (!before || !adapter) throw notFound("channel");
  const { name, enabled, settings, credentials } = change;
  const given = z
    .object({ settings: adapter.settings.optional(), credentials: adapter.credentials.optional() })
    .safeParse({ settings, credentials });
  if (!given.success) throw invalidRequest(given.error, "json");
  if (name !== undefined && (await isNameTaken(tx, projectId, name, id))) throw nameTaken(name);
  if (credentials === undefined && before.credentials !== null && settings !== undefined) {
    refuseToShow(adapter, adapter.settings.parse(before.settings), given.data.settings);
  }
  if (settings !== undefined) checkTarget(adapter, given.data.settings, outbound);
  const row = await updateChannel(tx, projectId, id, {
    ...(name !== undefined && { name }),
    ...(enabled !== undefined && { enabled }),
    ...(settings !== undefined && { settings: JSON.stringify(given.data.settings) }),
    ...(credentials !== undefined && { credentials: sealed(sealer, projectId, id, given.data.credentials) }),
    ...(change.rate_limit !== undefined && rateColumns(change.rate_limit)),
    ...(change.frequency_cap !== undefined && capColumns(change.frequency_cap)),
    updated_at: at,
  });
  if (row === undefined) throw notFound("channel");
  return channelToWire(row);
}

/** Its deliveries stay, and those that wait fail. The credentials are gone at once. @throws Problem `not_found` */
export async function deleteChannel(tx: Transaction<DB>, projectId: string, id: string, at: Date): Promise<void> {
  const change = { deleted_at: at, enabled: false, credentials: null, updated_at: at };
  if (!(await updateChannel(tx, projectId, id, change))) throw notFound("channel");
}

function checkTarget(adapter: ChannelAdapter | undefined, settings: unknown, outbound: Outbound | undefined): void {
  const wrong = adapter?.faultOf?.(settings, outbound);
  if (wrong !== undefined) throw invalid(`/settings/${wrong.setting}`, `The ${nounOf[wrong.setting]} ${wrong.fault}.`);
}

const nounOf = { url: "URL", host: "host" } as const;

/** Credentials that nobody may read would be read by whoever names a server of their own. */
function refuseToShow({ kind, credentialsGoTo }: ChannelAdapter, before: unknown, after: unknown): void {
  if (credentialsGoTo === undefined || credentialsGoTo(before) === credentialsGoTo(after)) return;
  throw invalid("/credentials", `Give the credentials of this ${kind} channel again, or null: they go elsewhere now.`);
}

function sealed(sealer: Sealer, projectId: string, id: string, credentials: unknown): Buffer | null {
  if (credentials === null || credentials === undefined) return null;
  return sealer.seal(JSON.stringify(credentials), placeOf(projectId, id));
}

function rateColumns(rate: ChannelInput["rate_limit"]) {
  return {
    rate_count: rate?.count ?? null,
    rate_seconds: rate?.seconds ?? null,
    rate_burst: rate?.burst ?? null,
  };
}

function capColumns(cap: ChannelInput["frequency_cap"]) {
  return { cap_count: cap?.count ?? null, cap_hours: cap?.hours ?? null };
}

function nameTaken(name: string): Problem {
  const detail = `There is a channel named ${JSON.stringify(name)} already.`;
  return new Problem("already_exists", detail, { errors: [{ pointer: "/name", detail }] });
}

export function channelToWire(row: ChannelRow): ChannelWire {
  const { rate_count: count, rate_seconds: seconds, rate_burst: burst, cap_count, cap_hours } = row;
  return {
    id: row.id,
    name: row.name,
    kind: row.kind as ChannelWire["kind"],
    enabled: row.enabled,
    settings: row.settings as ChannelWire["settings"],
    has_credentials: row.credentials !== null,
    rate_limit: count === null || seconds === null || burst === null ? null : { count, seconds, burst },
    frequency_cap: cap_count === null || cap_hours === null ? null : { count: cap_count, hours: cap_hours },
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}
