/**
 * Applies a chunk of historic redemptions: recorded as they happened, through the kernel that takes every redemption, so
 * that counters, ledger and events are those of a redemption.
 */
import { createHash } from "node:crypto";
import { normalizeCode } from "../../domain/codes.ts";
import { canonicalJson } from "../../http/idempotency.ts";
import { type Attempt, customerOf, redeemArgument } from "../../redemptions/arguments.ts";
import { type CommitArgument, type FunctionAnswer, inOneStatement } from "../../redemptions/take.ts";
import { notAssessed } from "../../risk/assess.ts";
import { toOrderFacts } from "../../validations/order-schema.ts";
import { type Applied, type Chunk, Outrun } from "../chunk.ts";
import { happenedAt, type ReadRow, type RowError, type RowOf } from "../rows.ts";
import { historicFacts } from "./historic-facts.ts";
import { recordedDecision } from "./recorded-decision.ts";

type Row = RowOf<"redemptions">;

interface Historic {
  readonly line: number;
  readonly row: Row;
  readonly at: Date;
  /** What names it for good: the shop's own id, or else the order and its codes. */
  readonly reference: string;
  /** SHA-256, hex. */
  readonly hash: string;
}

/** What rows of one chunk take of the same counters shows in the second round; the locks of all are held by then. */
const roundsMax = 4;

export async function applyRedemptions(chunk: Chunk, rows: readonly ReadRow<"redemptions">[]): Promise<Applied> {
  const errors: RowError[] = [];
  const { historic, upTo } = readAll(rows, chunk.now, errors);
  const known = await findImported(chunk, historic);
  let waiting: Historic[] = [];
  let unchanged = 0;
  for (const one of historic) {
    const hash = known.get(one.reference);
    if (hash === undefined) waiting.push(one);
    else if (hash === one.hash) unchanged += 1;
    else errors.push({ line: one.line, field: "id", reason: "It was imported before, with other contents." });
  }
  const made: Made[] = [];
  for (let round = 1; waiting.length > 0; round += 1) {
    if (round > roundsMax) throw new Outrun("what the rows take changed under every round");
    waiting = await record(chunk, waiting, made, errors);
  }
  await keepReferences(chunk, made);
  return { imported: made.length, unchanged, errors, ...(upTo === undefined ? {} : { upTo }) };
}

/** Ends before a reference that comes twice: whether the first one was recorded is known to the next chunk. */
function readAll(rows: readonly ReadRow<"redemptions">[], now: Date, errors: RowError[]) {
  const historic = new Map<string, Historic>();
  for (const { line, row } of rows) {
    const at = happenedAt(line, row.occurred_at, now);
    if (!(at instanceof Date)) {
      errors.push(at);
      continue;
    }
    const one = { line, row, at, reference: referenceOf(row), hash: hashOf(row) };
    if (historic.has(one.reference)) return { historic: [...historic.values()], upTo: line };
    historic.set(one.reference, one);
  }
  return { historic: [...historic.values()], upTo: undefined };
}

function referenceOf({ id, order, codes }: Row): string {
  if (id !== undefined) return `id ${id}`;
  const spelled = codes.map(({ code }) => normalizeCode(code) ?? code).sort();
  return `order ${createHash("sha256")
    .update(canonicalJson([order.id, spelled]))
    .digest("hex")}`;
}

function hashOf(row: Row): string {
  return createHash("sha256").update(canonicalJson(row)).digest("hex");
}

async function findImported({ client, projectId }: Chunk, historic: readonly Historic[]): Promise<Map<string, string>> {
  const { rows } = await client.query<{ reference: string; hash: string }>(
    `select reference, encode(content_hash, 'hex') as hash from imported_redemption
     where project_id = $1 and reference = any($2::text[])`,
    [projectId, historic.map(({ reference }) => reference)],
  );
  return new Map(rows.map((row) => [row.reference, row.hash]));
}

interface Made {
  readonly historic: Historic;
  readonly redemptionId: string;
}

interface Taking {
  readonly historic: Historic;
  readonly argument: TakeArgument;
}

type TakeArgument = CommitArgument & { readonly redemption_id: string; readonly redemption: object };

/** @returns those for which something had changed since their facts were read. */
async function record(
  chunk: Chunk,
  waiting: readonly Historic[],
  made: Made[],
  errors: RowError[],
): Promise<Historic[]> {
  const takings = await decide(chunk, waiting, errors);
  if (takings.length === 0) return [];
  const answers = await inOneStatement(
    chunk.client,
    takings.map(({ argument }) => argument),
  );
  const again: Historic[] = [];
  for (const [at, { historic, argument }] of takings.entries()) {
    const answer = answers[at];
    if (answer?.outcome === "retry") again.push(historic);
    else if (answer?.outcome === "done") made.push({ historic, redemptionId: argument.redemption_id });
    else errors.push({ line: historic.line, field: "", reason: refusal(answer) });
  }
  return again;
}

function refusal(answer: FunctionAnswer | undefined): string {
  const state = answer?.outcome === "failed" ? answer.body.slice(0, 5) : (answer?.outcome ?? "no answer");
  return `The database refuses the redemption (${state}).`;
}

async function decide(chunk: Chunk, waiting: readonly Historic[], errors: RowError[]): Promise<Taking[]> {
  const requests = waiting.map((historic) => requestOf(chunk, historic));
  const facts = await historicFacts(chunk.client, requests);
  const takings: Taking[] = [];
  for (const [at, historic] of waiting.entries()) {
    const { line, row } = historic;
    const loaded = facts[at];
    const request = requests[at];
    if (loaded === undefined || request === undefined) throw new Error("a row has no facts");
    const { orderStatus } = loaded;
    if (orderStatus === "cancelled" || orderStatus === "refunded") {
      const reason = `The order is ${orderStatus} already: import its redemptions before its last status.`;
      errors.push({ line, field: "order/id", reason });
      continue;
    }
    const decision = recordedDecision(loaded.facts, row.codes);
    if ("field" in decision) errors.push({ line, ...decision });
    else takings.push({ historic, argument: argumentOf({ request, loaded, decision, risk: notAssessed }) });
  }
  return takings;
}

function requestOf({ projectId, importId }: Chunk, { line, row, at, hash }: Historic): Attempt["request"] {
  return {
    projectId,
    // No client can send such a key.
    idempotencyKey: `\u0001import ${importId} ${line}`,
    requestHash: hash,
    codes: row.codes.map(({ code }) => code),
    customer: row.customer?.identifier ?? null,
    order: { ...toOrderFacts(row.order), id: row.order.id },
    at: at.toISOString(),
    languages: [],
    source: row.source,
    requestId: importId,
  };
}

/** Without the facts: it was not decided here, so a partial return cannot have it decided again. */
function argumentOf(attempt: Attempt): TakeArgument {
  const nothingIssued = { issues: [], lines: [], identifiers: new Map<string, string>() };
  const argument = redeemArgument(attempt, customerOf(attempt.loaded), nothingIssued) as TakeArgument;
  return { ...argument, redemption: { ...argument.redemption, facts: null } };
}

async function keepReferences({ client, projectId }: Chunk, made: readonly Made[]): Promise<void> {
  if (made.length === 0) return;
  const { rowCount } = await client.query(
    `insert into imported_redemption (project_id, reference, redemption_id, content_hash)
     select $1, r.reference, r.redemption_id, decode(r.hash, 'hex')
     from unnest($2::text[], $3::text[], $4::text[]) as r(reference, redemption_id, hash)
     order by r.reference collate "C" on conflict (project_id, reference) do nothing`,
    [
      projectId,
      made.map(({ historic }) => historic.reference),
      made.map(({ redemptionId }) => redemptionId),
      made.map(({ historic }) => historic.hash),
    ],
  );
  if (rowCount !== made.length) throw new Outrun("another import recorded a redemption meanwhile");
}
