/** The figures of one campaign over all its days: what `campaigns_daily` says of it, in one reading of the events. */
import type { ClickHouseClient } from "@clickhouse/client";
import { z } from "zod";

/** Shorter than a client of the warehouse waits, and in seconds: what nobody waits for any more must not go on there. */
const settings = { max_execution_time: 25 } as const;

const figures = z.object({
  redemptions_count: z.int(),
  rejections_count: z.int(),
  rollbacks_count: z.int(),
  validations_count: z.int(),
  valid_count: z.int(),
  redeemed_count: z.int(),
  published_count: z.int(),
  queued_count: z.int(),
  sent_count: z.int(),
  failed_count: z.int(),
  returned_count: z.int(),
  orders_count: z.int(),
  discount_amount: z.int(),
  rolled_back_amount: z.int(),
  revenue_amount: z.int(),
  customers_count: z.int(),
  new_customers_count: z.int(),
  margin_amount: z.int().nullable(),
  margin_orders_count: z.int(),
});

/**
 * The mart reads the events of the project twelve times, for all campaigns; here they are read once. A rollback is
 * announced of the customer of its redemption, so that grouping by customer brings the two together without a join, and
 * tells in the same reading on which day the customer first bought. Guests are nobody's: theirs are grouped by redemption.
 *
 * Every order.paid and every rollback is read, also those that do not name the campaign: the first tell who is new, of
 * the second the last part may leave nothing of a redemption without naming all of its codes.
 *
 * A customer may share an order with a guest, so that orders are put together last; `n < 2` counts what is the
 * customer's once, however many codes they took.
 */
const query = `
  WITH
    by_customer AS
    (
      SELECT
        customer,
        if(customer = '', redemption_id, '') AS guest,
        minIf(toDate(occurred_at), type IN ('order.paid', 'redemption.succeeded')) AS first_day,
        countIf(type = 'voucher.published') AS published,
        uniqExactIf(subject_id, type IN ('publication.queued', 'publication.delivered')) AS queued,
        uniqExactIf(subject_id, type = 'publication.delivered') AS sent,
        countIf(type IN ('publication.failed', 'publication.returned')) AS failed,
        countIf(type = 'publication.returned') AS returned,
        countIf(type = 'validation.performed') AS validations,
        countIf(type = 'validation.performed' AND outcome = 'valid') AS valid,
        countIf(type = 'redemption.rejected') AS rejections,
        sumIf(arraySum((campaign, main, off) -> if({campaign: String} IN (campaign, main), off, 0),
          codes.campaign_id, codes.main_campaign_id, codes.discount_amount), type = 'redemption.rolled_back') AS given_back,
        groupArrayIf((redemption_id, outcome != 'part', arrayZip(codes.code, codes.campaign_id, codes.discount_amount)),
          type = 'redemption.rolled_back') AS undone,
        groupArrayArrayIf(
          arrayMap(code -> (redemption_id, code.1, code.2, code.4, occurred_at, order_id, total_amount, margin),
            arrayFilter(code -> {campaign: String} IN (code.2, code.3),
              arrayZip(codes.code, codes.campaign_id, codes.main_campaign_id, codes.discount_amount))),
          type = 'redemption.succeeded') AS taken
      FROM
      (
        SELECT
          customer, redemption_id, subject_id, type, outcome, occurred_at, order_id, total_amount,
          codes.code, codes.campaign_id, codes.main_campaign_id, codes.discount_amount,
          total_amount - greatest(0, shipping_amount - (discount_amount - arraySum(items.discount_amount)))
            - if(has(items.unit_cost_amount, NULL), NULL,
              arraySum((quantity, cost) -> quantity * ifNull(cost, 0), items.quantity, items.unit_cost_amount)) AS margin
        FROM events
        WHERE project_id = {project: String} AND (
          type IN ('order.paid', 'redemption.succeeded', 'redemption.rolled_back')
          OR type IN ('validation.performed', 'redemption.rejected')
            AND (has(codes.campaign_id, {campaign: String}) OR has(codes.main_campaign_id, {campaign: String}))
          OR type IN ('voucher.published', 'publication.queued', 'publication.delivered', 'publication.failed', 'publication.returned')
            AND (campaign_id = {campaign: String} OR campaign_id IN (
            SELECT campaign_id FROM latest_campaigns
            WHERE project_id = {project: String} AND last.parent_id = {campaign: String})))
      )
      GROUP BY customer, guest
    ),
    by_code AS
    (
      SELECT
        published, queued, sent, failed, returned, validations, valid, rejections, given_back,
        arrayMap(t -> (
            t.6 AS order_id, t.5 AS at, t.7 AS total, t.8 AS margin,
            arrayExists(u -> u.1 = t.1 AND u.2, undone) AS is_undone,
            -- By campaign too: every automatic campaign has the same, empty code.
            t.4 - arraySum(u -> if(u.1 = t.1, arraySum(c -> if(c.1 = t.2 AND c.2 = t.3, c.3, 0), u.3), 0), undone)),
          taken) AS told,
        customer != '' AND arrayExists(t -> NOT t.5, told) AS redeems,
        customer != '' AND arrayExists(t -> NOT t.5 AND toDate(t.2) = first_day, told) AS is_new
      FROM by_customer
    ),
    by_order AS
    (
      SELECT
        sumIf(published, n < 2) AS published, sumIf(queued, n < 2) AS queued, sumIf(sent, n < 2) AS sent,
        sumIf(failed, n < 2) AS failed, sumIf(returned, n < 2) AS returned, sumIf(validations, n < 2) AS validations, sumIf(valid, n < 2) AS valid,
        sumIf(rejections, n < 2) AS rejections, sumIf(given_back, n < 2) AS given_back,
        sumIf(redeems, n < 2) AS customers, sumIf(is_new, n < 2) AS new_customers,
        countIf(n > 0) AS redeemed, countIf(n > 0 AND t.5) AS rollbacks, redeemed - rollbacks AS standing,
        sum(t.6) AS discount,
        argMaxIf(t.3, t.2, NOT t.5) AS total,
        -- A tuple, for argMax passes over nulls.
        argMaxIf(tuple(t.4), t.2, NOT t.5) AS margin
      FROM by_code
      LEFT ARRAY JOIN told AS t, arrayEnumerate(told) AS n
      GROUP BY t.1
    )
  SELECT
    sum(standing) AS redemptions_count, sum(rejections) AS rejections_count, sum(rollbacks) AS rollbacks_count,
    sum(validations) AS validations_count, sum(valid) AS valid_count, sum(redeemed) AS redeemed_count,
    sum(published) AS published_count, sum(queued) AS queued_count, sum(sent) AS sent_count,
    sum(failed) AS failed_count, sum(returned) AS returned_count, countIf(standing > 0) AS orders_count, sum(discount) AS discount_amount,
    sum(given_back) AS rolled_back_amount, sumIf(total, standing > 0) AS revenue_amount,
    sum(customers) AS customers_count, sum(new_customers) AS new_customers_count,
    sumIf(margin.1, standing > 0) AS margin_amount,
    countIf(standing > 0 AND margin.1 IS NOT NULL) AS margin_orders_count
  FROM by_order`;

/** Customers cannot be summed over days as the mart has them; here each is counted once. */
export async function readFigures(
  warehouse: ClickHouseClient,
  projectId: string,
  campaignId: string,
): Promise<z.output<typeof figures>> {
  const result = await warehouse.query({
    query,
    query_params: { project: projectId, campaign: campaignId },
    format: "JSONEachRow",
    clickhouse_settings: settings,
  });
  const [row] = await result.json();
  return figures.parse(row);
}
