/** A shop of some dozen customers, as rows of `events_raw`: enough of everything that both of two shards have some. */
import type { ClickHouseClient } from "@clickhouse/client";
import { deliver } from "../../ingest/deliver.ts";
import { type EventRow, toRow } from "../../ingest/rows.ts";
import { shop } from "./shop.ts";

export async function insertShop(warehouse: ClickHouseClient): Promise<void> {
  const rows = await shopRows("prj_shop");
  await deliver(warehouse, rows, "shop-1", new AbortController().signal);
  // A second delivery under another token: copies that only FINAL makes one again.
  await deliver(warehouse, rows.slice(0, 40), "shop-2", new AbortController().signal);
}

export async function shopRows(project: string): Promise<EventRow[]> {
  return eventsOf(project).map((event, at) => {
    const mapped = toRow({
      xid: "1000",
      seq: at,
      event_id: event.event_id,
      project_id: project,
      type: event.type,
      version: 1,
      occurred_at: event.occurred_at,
      recorded_at: new Date(Date.parse("2026-05-01T00:00:00Z") + at).toISOString(),
      payload: JSON.stringify(event.payload),
    });
    if ("error" in mapped) throw new Error(mapped.error);
    return mapped.row;
  });
}

function eventsOf(project: string) {
  const { campaign, customer, order, redeemed, rolledBack, rejected, validated, published, points } = shop(
    project,
    "M",
  );
  const at = (day: number, hour: number) =>
    `2026-03-${String(day).padStart(2, "0")}T${String(hour).padStart(2, "0")}:00:00Z`;
  const events = [
    campaign("M", "2026-02-01T00:00:00Z", { type: "main", parent_id: null, budget_amount: 50_000 }),
    campaign("A", "2026-02-02T00:00:00Z", {
      budget_amount: 10_000,
      status: "active",
      starts_at: "2026-02-25T00:00:00Z",
      ends_at: "2026-04-30T00:00:00Z",
      holdout_percent: 30,
    }),
    campaign("B", "2026-02-02T00:00:00Z", { status: "active" }),
  ];
  for (let person = 0; person < 36; person += 1) {
    const name = `customer-${person}`;
    const day = 1 + (person % 20);
    const attempt = {
      id: `red_${person}`,
      at: at(day, 10),
      customer: person === 35 ? null : name,
      orderId: `o${person}`,
      lines: [
        ["coffee", "food", 1 + (person % 3), 1000, 400] as const,
        ["cup", "home", 1, 3000, 900 + person] as const,
      ],
      codes: [["A1", "A", 300 + person] as const, ...(person % 3 === 0 ? [["B1", "B", 200] as const] : [])],
    };
    events.push(
      customer(name, "2026-02-20T00:00:00Z", { tier: person % 2 === 0 ? "gold" : "silver" }),
      published(`pub_${person}`, at(day, 8), name, "A1", "A"),
      validated({ ...attempt, id: `val_${person}` }, true),
      redeemed(attempt),
      order("order.paid", at(day, 11), name, `o${person}`, attempt.lines, 300 + person),
      points(name, at(day, 12), "earned", 10, 10),
    );
    if (person % 6 === 0) events.push(rolledBack(attempt, at(day + 1, 9)));
    if (person % 5 === 0) {
      const codes = [["A1", "A", 0, ["order_below_minimum", "customer_limit_reached"]] as const];
      events.push(rejected({ ...attempt, id: `rej_${person}`, at: at(day, 9), orderId: `r${person}`, codes }));
      events.push(order("order.paid", at(day + 2, 9), name, `late${person}`, attempt.lines));
    }
  }
  return events;
}
