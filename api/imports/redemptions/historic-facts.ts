/** What recording a historic redemption looks at, read inside the chunk's transaction, which sees what it did itself. */
import type pg from "pg";
import { normalizeCode } from "../../domain/codes.ts";
import { assembleCampaigns } from "../../redemptions/campaign-facts.ts";
import { loadDefinitions } from "../../redemptions/definitions.ts";
import { type FactsRow, queryFacts } from "../../redemptions/facts-query.ts";
import type { FactsRequest } from "../../redemptions/facts-request.ts";
import { appliedBeforeOf, type LoadedFacts, nobody } from "../../redemptions/load-facts.ts";
import { noSignals } from "../../signals/facts.ts";
import { inTurn } from "./in-turn.ts";

/** @returns facts for each request, in their order. */
export async function historicFacts(client: pg.PoolClient, requests: readonly FactsRequest[]): Promise<LoadedFacts[]> {
  const runner = inTurn(client);
  const rows = await queryFacts(
    runner,
    requests.map((request) => ({
      projectId: request.projectId,
      codes: request.codes.map((code) => normalizeCode(code)).filter((code) => code !== null),
      customer: request.customer,
      orderId: request.order.id,
      at: request.at,
      subjects: [],
      signals: null,
    })),
  );
  const definitions = await loadDefinitions(
    runner,
    requests.flatMap(({ projectId }, at) =>
      (rows[at]?.vouchers ?? []).flatMap(({ campaign, main }) => [
        { projectId, ...campaign },
        { projectId, ...main },
      ]),
    ),
  );
  const loaded: LoadedFacts[] = [];
  for (const [at, request] of requests.entries()) {
    const row = rows[at];
    if (row === undefined) throw new Error("a request has no facts");
    const now = Date.parse(request.at ?? "");
    const assembled = await assembleCampaigns(runner, { request, row, now, definitions, automatic: [] });
    loaded.push(toLoaded(request, row, now, assembled));
  }
  return loaded;
}

function toLoaded(
  request: FactsRequest,
  row: FactsRow,
  now: number,
  assembled: Awaited<ReturnType<typeof assembleCampaigns>>,
): LoadedFacts {
  const { customer } = request;
  return {
    facts: {
      now,
      order: request.order,
      // Rules are not judged: who it was is enough.
      customer:
        customer === null
          ? null
          : { ...nobody, identifier: customer, id: row.customer?.id ?? null, inGlobalHoldout: false },
      redeemables: assembled.redeemables,
      automatic: [],
      appliedBefore: appliedBeforeOf(row),
      pools: {},
      languages: [],
    },
    signals: noSignals,
    riskVersion: row.risk_version,
    orderStatus: row.order_status,
    refusedSeconds: null,
    clock: row.clock,
  };
}
