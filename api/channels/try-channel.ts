/** Sends one message to one address, now, and says what the provider said. It is no delivery, and nothing is kept of it. */
import { findCustomer } from "../customers/find.ts";
import type { Deps } from "../deps.ts";
import { invalid, notFound, Problem } from "../http/problem.ts";
import { newId } from "../ids.ts";
import { canonicalAddress } from "../suppressions/address.ts";
import { isSuppressed } from "../suppressions/suppress.ts";
import { exampleVariables } from "../templates/example.ts";
import { findTemplate, findTexts } from "../templates/find.ts";
import { renderMessage } from "../templates/render.ts";
import type { ChannelAdapter, SendOutcome } from "./adapter.ts";
import { adapterOf } from "./adapters.ts";
import { type ChannelRow, findChannel } from "./find.ts";
import { openChannel } from "./open-channel.ts";
import { takeTurn } from "./rate.ts";

interface Asked {
  readonly address?: string | undefined;
  readonly customer?: string | undefined;
  readonly template_id?: string | undefined;
}

const answerMs = 25_000;

/** @throws Problem `not_found`, `invalid_request`, `conflict`, `too_many_requests` */
export async function tryChannel(
  deps: Deps,
  projectId: string,
  id: string,
  asked: Asked,
  at: Date,
): Promise<SendOutcome> {
  const row = await findChannel(deps.db, projectId, id);
  const adapter = row && adapterOf(row.kind);
  if (!row || !adapter) throw notFound("channel");
  const address = await addressOf(deps, projectId, adapter, asked);
  const customer = await customerOf(deps, projectId, adapter, asked);
  const { parts, language } = await partsOf(deps, projectId, adapter, asked);
  const channel = openChannel(adapter, row, deps.sealer);
  if (channel === undefined) {
    throw new Problem(
      "conflict",
      "The channel's credentials cannot be opened: this process has another key. Set them again.",
    );
  }
  await waitsNot(deps, projectId, row);
  const message = {
    ...{ deliveryId: newId("dlv"), address, customer, parts, language, purpose: "transactional" as const },
    ...{
      unsubscribeUrl: null,
      variables: exampleVariables,
      publicationId: null,
      workflowRunId: null,
      campaignId: null,
    },
  };
  const sender = { pool: deps.pool, log: deps.log, outbound: deps.outbound };
  const context = { deps: sender, projectId, channel, attempt: 1, at, signal: AbortSignal.timeout(answerMs) };
  try {
    return await adapter.send(message, context);
  } catch (error) {
    deps.log.error({ channel: id, err: error }, "an adapter failed");
    return { outcome: "unknown", reason: "adapter_failed" };
  }
}

async function addressOf(deps: Deps, projectId: string, adapter: ChannelAdapter, asked: Asked): Promise<string> {
  if (adapter.address === "none") return "";
  const address = asked.address === undefined ? undefined : canonicalAddress(adapter.address, asked.address);
  if (address === undefined) {
    const wanted =
      adapter.address === "email" ? "an e-mail address" : "a phone number in E.164, such as +4915112345678";
    throw invalid("/address", `Expected ${wanted}.`);
  }
  if (await isSuppressed(deps.db, projectId, adapter.kind, address)) {
    throw new Problem("conflict", "The address is suppressed: it bounced or complained.");
  }
  return address;
}

async function customerOf(deps: Deps, projectId: string, adapter: ChannelAdapter, { customer: identifier }: Asked) {
  if (adapter.address !== "none") return { id: "test", identifier: "test" };
  if (identifier === undefined) throw invalid("/customer", "This channel has no addresses: name a customer.");
  const customer = await findCustomer(deps.db, projectId, identifier);
  if (customer === undefined) throw invalid("/customer", "There is no such customer.");
  return { id: customer.id, identifier };
}

async function partsOf(deps: Deps, projectId: string, adapter: ChannelAdapter, { template_id: id }: Asked) {
  if (id === undefined) {
    const line = "This is a test of a channel.";
    const parts = Object.fromEntries(adapter.parts.filter(({ required }) => required).map(({ name }) => [name, line]));
    return { parts, language: "en" };
  }
  const template = await findTemplate(deps.db, projectId, id);
  if (template === undefined) throw invalid("/template_id", "There is no such template.");
  if (template.kind !== adapter.kind) throw invalid("/template_id", `The template is for ${template.kind}.`);
  const languages = (await findTexts(deps.db, projectId, id, template.version)) ?? {};
  const manner = { wanted: null, timeZone: "UTC" };
  const rendered = renderMessage({ languages, language: template.language }, adapter.parts, exampleVariables, manner);
  if (rendered.outcome === "failed") throw invalid("/template_id", `${rendered.part}: ${rendered.detail}`);
  return rendered;
}

/** @throws Problem 429 */
async function waitsNot(deps: Deps, projectId: string, row: ChannelRow): Promise<void> {
  const { rate_count: count, rate_seconds: seconds, rate_burst: burst } = row;
  if (count === null || seconds === null || burst === null) return;
  const turn = await deps.db.transaction().execute((tx) => takeTurn(tx, projectId, row.id, { count, seconds, burst }));
  if (turn.outcome === "taken") return;
  const after = Math.max(1, Math.ceil((turn.until.getTime() - Date.now()) / 1_000));
  throw new Problem("too_many_requests", "The channel's rate limit is reached.", {
    headers: { "retry-after": String(after) },
  });
}
