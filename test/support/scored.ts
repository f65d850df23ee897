/** Redemptions as the warehouse gets them that say what the model of risk saw and gave. */
import type { Event } from "../../ingest/events/events.ts";
import type { RiskPart } from "../../ingest/events/parts.ts";

export function scoredRedemption(
  projectId: string,
  name: string | number,
  at: number,
  risk: Pick<RiskPart, "score" | "model" | "features"> & Partial<RiskPart>,
): Event {
  return {
    event_id: `evt_${projectId}_${name}`,
    project_id: projectId,
    type: "redemption.succeeded",
    version: 1,
    occurred_at: new Date(at).toISOString(),
    payload: {
      redemption_id: `red_${projectId}_${name}`,
      customer: null,
      order: {
        ...{ id: null, currency: "EUR", amount: 1, shipping_amount: 0, discount_amount: 0, total_amount: 1 },
        ...{ channel: null, store_id: null, items: [] },
      },
      codes: [],
      risk: { action: "allow", ...risk },
      source: "api",
    },
  };
}
