/** What conditions look at: the customer as they are now, and what is kept of the event. */
import { type Kysely, type Selectable, sql } from "kysely";
import type { OrderPart } from "../../ingest/events/parts.ts";
import type { DB } from "../db/tables.ts";
import type { CustomerFacts, OrderFacts } from "../domain/facts.ts";
import { isMet } from "../domain/rules/is-met.ts";
import type { RuleContext } from "../domain/rules/paths.ts";
import type { Rule } from "../domain/rules/rule.ts";
import { queryHistory } from "../redemptions/history.ts";
import { localTime } from "../redemptions/local-time.ts";
import { ruleNeeds } from "../redemptions/needs.ts";
import { zoneOf } from "./clock.ts";
import type { Settings } from "./definition.ts";
import type { Occurrence } from "./trigger-match.ts";

export type Customer = Selectable<DB["customer"]>;

export interface Asked {
  readonly projectId: string;
  readonly customer: Customer;
  readonly settings: Settings;
  readonly occurrence: Pick<Occurrence, "fields" | "order">;
  /** What counts as now. */
  readonly at: Date;
}

export async function meets(db: Kysely<DB>, rule: Rule, asked: Asked): Promise<boolean> {
  return isMet(rule, await contextOf(db, rule, asked));
}

async function contextOf(db: Kysely<DB>, rule: Rule, asked: Asked): Promise<RuleContext> {
  const { projectId, customer, settings, occurrence, at } = asked;
  const { order } = occurrence;
  const clock = localTime(at.getTime(), zoneOf(settings, customer.attributes));
  return {
    now: at.getTime(),
    order: order === null ? noOrder : orderFacts(order),
    customer: await customerFacts(db, rule, { projectId, customer, settings, order, at }),
    localTime: clock.time,
    localWeekday: clock.weekday,
    localDate: clock.date,
    languages: [],
    amount: order?.amount ?? 0,
    amountLeft: order === null ? 0 : Math.max(0, order.amount - order.discount_amount),
    item: null,
    event: occurrence.fields,
  };
}

type CustomerAsked = Omit<Asked, "occurrence"> & { readonly order: OrderPart | null };

/** Three small reads at most, and those only for what the rule asks. */
async function customerFacts(db: Kysely<DB>, rule: Rule, asked: CustomerAsked): Promise<CustomerFacts> {
  const { projectId, customer, order, at } = asked;
  const needs = ruleNeeds(rule);
  const scope = {
    projectId,
    customerId: customer.id,
    currency: order?.currency ?? asked.settings.currency ?? "",
    before: at.getTime() + 1,
    orderId: null,
  };
  const history = needs.history.length === 0 ? {} : await queryHistory(db, scope, needs.history);
  return {
    identifier: customer.identifier,
    id: customer.id,
    blocked: customer.blocked,
    attributes: customer.attributes as CustomerFacts["attributes"],
    tags: customer.tags,
    metadata: customer.metadata as CustomerFacts["metadata"],
    createdAt: customer.created_at.getTime(),
    birthday: customer.birthday,
    inGlobalHoldout: false,
    isNew: await isNew(db, asked),
    segments: needs.segments ? await segmentsOf(db, projectId, customer.id) : [],
    points: needs.points ? await pointsOf(db, projectId, customer.id, at) : 0,
    history,
  };
}

/** No paid order before the one that the event is about. */
async function isNew(db: Kysely<DB>, { projectId, customer, order }: CustomerAsked): Promise<boolean> {
  const { rows } = await sql`
    select from orders o where o.project_id = ${projectId} and o.customer_id = ${customer.id}
      and o.paid_at is not null and o.status = 'paid' and o.id is distinct from ${order?.id ?? null} limit 1`.execute(
    db,
  );
  return rows.length === 0;
}

async function segmentsOf(db: Kysely<DB>, projectId: string, customerId: string): Promise<string[]> {
  const rows = await db
    .selectFrom("segment_member as m")
    .innerJoin("segment as s", (join) =>
      join.onRef("s.project_id", "=", "m.project_id").onRef("s.id", "=", "m.segment_id"),
    )
    .select("s.name")
    .where("m.project_id", "=", projectId)
    .where("m.customer_id", "=", customerId)
    .orderBy("s.name")
    .execute();
  return rows.map((row) => row.name);
}

async function pointsOf(db: Kysely<DB>, projectId: string, customerId: string, at: Date): Promise<number> {
  const { rows } = await sql<{ points: number | null }>`
    select points_available(${projectId}, ${customerId}, ${at}::timestamptz) as points`.execute(db);
  return rows[0]?.points ?? 0;
}

const noOrder: OrderFacts = {
  id: null,
  currency: "",
  items: [],
  shippingAmount: 0,
  statedAmount: null,
  channel: null,
  storeId: null,
  paymentMethod: null,
  location: null,
  metadata: {},
};

function orderFacts(order: OrderPart): OrderFacts {
  return {
    ...noOrder,
    id: order.id,
    currency: order.currency,
    items: order.items.map((item) => ({
      sku: item.sku,
      productId: item.product_id,
      name: null,
      quantity: item.quantity,
      unitAmount: item.unit_amount,
      weight: null,
      categories: item.categories,
      attributes: {},
    })),
    shippingAmount: order.shipping_amount,
    channel: order.channel,
    storeId: order.store_id,
  };
}
