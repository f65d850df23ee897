/**
 * Where a customer stands among the others of the project, for one customer at a time: the bounds of the fifths are read
 * once a minute and project, and the customer's own figures, which are live, are put between them. The mart
 * `customers_rfm` says what the scores and segments mean and gives everybody the same ones.
 */
import type { ClickHouseClient } from "@clickhouse/client";
import { LRUCache } from "lru-cache";
import { z } from "zod";

const row = z.object({
  currency: z.string(),
  recency: z.array(z.number()),
  frequency: z.array(z.number()),
  monetary: z.array(z.number()),
  refreshed_at: z.string(),
});
type RfmBoundsRow = z.output<typeof row>;

interface Standing {
  readonly ordersCount: number;
  readonly ordersAmount: number;
  readonly currency: string;
  /** Epoch ms. */
  readonly lastOrderAt: number;
}

const keptMs = 60_000;

export function createRfm(warehouse: ClickHouseClient) {
  const cache = new LRUCache<string, RfmBoundsRow[]>({
    max: 1_000,
    ttl: keptMs,
    // Whoever asks while they are read again gets those of a minute ago.
    allowStale: true,
    fetchMethod: (projectId) => readRfmBounds(warehouse, projectId),
  });
  /** Null: nobody of the project was compared yet, or nobody who pays in this currency. */
  return async (projectId: string, customer: Standing) => {
    const bounds = await cache.fetch(projectId);
    const own = bounds?.find(({ currency }) => currency === customer.currency);
    return own === undefined ? null : scoresOf(customer, own);
  };
}

function scoresOf({ ordersCount, ordersAmount, lastOrderAt }: Standing, bounds: RfmBoundsRow) {
  const recency = 1 + below(bounds.recency, lastOrderAt);
  const frequency = 1 + below(bounds.frequency, ordersCount);
  const monetary = 1 + below(bounds.monetary, ordersAmount);
  return {
    recency,
    frequency,
    monetary,
    segment: segmentOf(recency, frequency, ordersCount === 1),
    refreshed_at: bounds.refreshed_at,
  };
}

/** Bounds are negative values, as the mart takes them, so that a fifth ends where the next value begins. */
function below(bounds: readonly number[], value: number): number {
  return bounds.filter((bound) => bound > -value).length;
}

function segmentOf(recency: number, frequency: number, onlyOne: boolean): string {
  if (recency >= 4 && frequency >= 4) return "champions";
  if (recency >= 3 && frequency >= 3) return "loyal";
  if (recency >= 4 && onlyOne) return "new";
  if (recency >= 3) return "promising";
  return frequency >= 3 ? "at risk" : "lost";
}

export async function readRfmBounds(warehouse: ClickHouseClient, projectId: string): Promise<RfmBoundsRow[]> {
  const result = await warehouse.query({
    query: `
      WITH
        own AS
        (
          SELECT currency, last_order_at, orders_count, orders_amount, refreshed_at FROM customers_wide FINAL
          WHERE project_id = {project: String} AND orders_count > 0
        ),
        ranks AS
        (
          SELECT
            quantilesExact(0.8, 0.6, 0.4, 0.2)(-toUnixTimestamp64Milli(assumeNotNull(last_order_at))) AS recency,
            quantilesExact(0.8, 0.6, 0.4, 0.2)(-toInt64(orders_count)) AS frequency
          FROM own
        )
      SELECT
        currency, any(ranks.recency) AS recency, any(ranks.frequency) AS frequency,
        quantilesExact(0.8, 0.6, 0.4, 0.2)(-orders_amount) AS monetary, max(refreshed_at) AS refreshed_at
      FROM own CROSS JOIN ranks
      GROUP BY currency`,
    query_params: { project: projectId },
    format: "JSONEachRow",
    clickhouse_settings: {
      max_execution_time: 20,
      date_time_output_format: "iso",
      output_format_json_quote_64bit_integers: 0,
    },
  });
  return z.array(row).parse(await result.json());
}
