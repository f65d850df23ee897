/**
 * Two years of a shop, made inside ClickHouse: as many events as wanted in a few minutes, the same every time.
 *
 * Everything of a row follows from the number of its order, so that what belongs together agrees: a redemption and the
 * order it is on, a rollback and its redemption. Few customers buy much and many buy little; prices, baskets and codes
 * are spread as in a shop. Rows are what the relay would have sent, payload included.
 */
import type { ClickHouseClient } from "@clickhouse/client";

interface HistoryOptions {
  /** Each has its share of the events: the first a half, the second a quarter, …; the last the rest. */
  readonly projectIds: readonly string[];
  /** Of all projects together, within some percent. */
  readonly events: number;
  /** Customers that bought; a thirtieth of the events unless told. */
  readonly customers?: number;
  /** The newest event is just before it. */
  readonly until: Date;
  /** Called after each month of each project. */
  readonly onProgress?: (rows: number) => void;
}

const months = 24;
const eventsPerOrder = 2.5;
const campaignsCount = 20;
const dayMs = 86_400_000;

/** @returns the number of rows made. `warehouse` is a migrated database. */
export async function generateHistory(warehouse: ClickHouseClient, options: HistoryOptions): Promise<number> {
  const start = options.until.getTime() - months * 30 * dayMs;
  let rows = 0;
  for (const [at, projectId] of options.projectIds.entries()) {
    const last = at === options.projectIds.length - 1;
    const share = last ? 0.5 ** at : 0.5 ** (at + 1);
    const orders = Math.round((options.events * share) / eventsPerOrder);
    const customers = Math.max(1, Math.round((options.customers ?? options.events / 30) * share));
    const common = { project: projectId, customers, start, window: months * 30 * dayMs, seed: at };
    await insert(warehouse, campaignsSql, { ...common, from: 0, to: campaignsCount });
    await insert(warehouse, customersSql, { ...common, from: 0, to: customers });
    for (let month = 0; month < months; month += 1) {
      const from = Math.floor((orders * month) / months);
      const to = Math.floor((orders * (month + 1)) / months);
      await insert(warehouse, ordersSql, { ...common, from, to, orders });
      rows = await countRows(warehouse);
      options.onProgress?.(rows);
    }
  }
  return rows;
}

async function insert(warehouse: ClickHouseClient, query: string, params: Record<string, string | number>) {
  await warehouse.command({
    query,
    query_params: params,
    clickhouse_settings: {
      max_partitions_per_insert_block: "0",
      max_insert_threads: "1",
      max_threads: 2,
      max_block_size: "32768",
      min_insert_block_size_rows: "131072",
      min_insert_block_size_bytes: "268435456",
      output_format_json_quote_64bit_integers: 0,
    },
  });
}

async function countRows(warehouse: ClickHouseClient): Promise<number> {
  const result = await warehouse.query({ query: "SELECT count() AS rows FROM events_raw", format: "JSONEachRow" });
  const [row] = await result.json<{ rows: number }>();
  return row?.rows ?? 0;
}

/** A number in [0, 1) that is always the same for `n` and a purpose. */
const random = (purpose: number) => `(cityHash64(n, ${purpose}, {seed: UInt32}) % 1000003) / 1000003`;
const whole = (purpose: number, upto: number | string) => `(cityHash64(n, ${purpose}, {seed: UInt32}) % ${upto})`;

const envelope = "project_id, event_id, type, version, occurred_at, recorded_at, outbox_xid, outbox_seq";

const campaignsSql = `
  INSERT INTO events_raw (${envelope}, subject_id, campaign_id, name, outcome, channel, currency, payload)
  SELECT
    {project: String}, concat('evt_c', toString(number)), 'campaign.created', 1, at, at, 1, number,
    id, id, title, 'active', '', 'EUR',
    toJSONString(CAST(tuple((
        id, if(number = 0, 'main', 'sub'), if(number = 0, NULL, 'cam_h0'), title, 'discount', 'active', 'EUR',
        50000000, NULL, NULL, NULL, NULL, NULL, 1)),
      'Tuple(campaign Tuple(id String, type String, parent_id Nullable(String), name String, template String,
        status String, currency String, budget_amount Nullable(Int64), redemptions_max Nullable(Int64),
        starts_at Nullable(String), ends_at Nullable(String), channel Nullable(String), team Nullable(String),
        version UInt32))'))
  FROM
  (
    SELECT number, concat('cam_h', toString(number)) AS id, concat('Campaign ', toString(number)) AS title,
      fromUnixTimestamp64Milli({start: Int64}, 'UTC') AS at
    FROM numbers({from: UInt64}, {to: UInt64} - {from: UInt64})
  )`;

const customersSql = `
  INSERT INTO events_raw (${envelope}, customer, name, payload)
  SELECT
    {project: String}, concat('evt_k', toString(n)), 'customer.created', 1, at, at, 2, n, customer, full_name,
    toJSONString(CAST((customer, (customer, full_name, map('country', ['DE', 'FR', 'PL', 'ES'][1 + ${whole(1, 4)}]),
        map('tier', [if(${random(2)} < 0.1, 'gold', 'basic')]), at_text)),
      'Tuple(customer String, profile Tuple(identifier String, name String, attributes Map(String, String),
        tags Map(String, Array(String)), created_at String))'))
  FROM
  (
    SELECT number AS n, concat('customer-', toString(n)) AS customer, concat('Customer Number ', toString(n)) AS full_name,
      fromUnixTimestamp64Milli({start: Int64} - toInt64(${random(3)} * 30 * ${dayMs}), 'UTC') AS at,
      formatDateTime(at, '%Y-%m-%dT%H:%i:%S.000Z', 'UTC') AS at_text
    FROM numbers({from: UInt64}, {to: UInt64} - {from: UInt64})
  )`;

/**
 * What happens around one order, each with its probability: seen with a code (validation), refused, redeemed, paid,
 * points for it, rolled back, cancelled, a voucher for the next time.
 */
const ordersSql = `
  INSERT INTO events_raw
    (${envelope}, customer, order_id, subject_id, redemption_id, campaign_id, outcome, source, channel, store_id,
     currency, amount, shipping_amount, discount_amount, total_amount,
     codes.code, codes.voucher_id, codes.campaign_id, codes.main_campaign_id, codes.discount_amount,
     items.sku, items.product_id, items.quantity, items.unit_amount, items.discount_amount, items.category, items.categories,
     reasons.key, reasons.code, reasons.voucher_code, reasons.campaign_id, risk_score, risk_action,
     rewards.code_position, rewards.type, rewards.discount_amount, rewards.given, changed_by, balance, payload)
  WITH
    type IN ('order.paid', 'order.cancelled') AS is_order,
    type IN ('validation.performed', 'redemption.succeeded', 'redemption.rejected', 'redemption.rolled_back') AS has_codes,
    type = 'redemption.rejected' AS refused,
    is_order OR has_codes AS has_order,
    type IN ('redemption.succeeded', 'redemption.rejected') AS scored,
    multiIf(refused, 0, is_order AND NOT redeemed, 0, discount) AS off,
    fromUnixTimestamp64Milli(base + delay, 'UTC') AS at,
    concat(type_id, '_h', toString(n)) AS its_id,
    if(has_order, skus, []) AS line_skus,
    if(has_order, quantities, []) AS line_quantities,
    if(has_order, prices, []) AS line_prices,
    arrayMap(i -> if(i = 1, off, 0), arrayEnumerate(line_skus)) AS line_off,
    arrayMap(sku -> concat('category-', toString(sku % 12)), line_skus) AS line_categories
  SELECT
    {project: String}, concat('evt_', type_id, toString(n)), type, 1, at, addMilliseconds(at, 5), 10 + n, position,
    customer, if(has_order, order_id, ''),
    multiIf(is_order, order_id, its_id),
    if(type IN ('redemption.succeeded', 'redemption.rolled_back'), concat('red_h', toString(n)), ''),
    if(type = 'voucher.published', campaign, ''),
    multiIf(type = 'validation.performed', if(redeemed OR NOT would_refuse, 'valid', 'invalid'),
      type = 'redemption.rolled_back', 'whole', type = 'points.changed', 'earned', ''),
    if(has_codes, ['api', 'api', 'mobile', 'console'][1 + n % 4], ''), if(has_order, ['web', 'app', 'store'][1 + n % 3], ''),
    if(has_order AND n % 3 = 2, concat('store-', toString(n % 40)), ''),
    if(has_order, 'EUR', ''), if(has_order, amount, 0), if(has_order, 490, 0), if(has_order, off, 0),
    if(has_order, amount + 490 - off, 0),
    if(has_codes OR type = 'voucher.published', [code], []), if(has_codes OR type = 'voucher.published', [voucher], []),
    if(has_codes OR type = 'voucher.published', [campaign], []),
    if(has_codes OR type = 'voucher.published', ['cam_h0'], []), if(has_codes, [off], if(type = 'voucher.published', [0], [])),
    arrayMap(sku -> concat('sku-', toString(sku)), line_skus), arrayMap(sku -> concat('product-', toString(sku)), line_skus),
    line_quantities, line_prices, line_off, line_categories, arrayMap(category -> [category, 'all'], line_categories),
    if(refused, [reason], []), if(refused, [reason_code], []), if(refused, [code], []), if(refused, [campaign], []),
    if(scored, round(pow(${random(20)}, 4), 3), NULL), if(scored, if(${random(20)} > 0.99, 'flag', 'allow'), ''),
    if(type = 'redemption.succeeded', [1], []), if(type = 'redemption.succeeded', ['order_discount'], []),
    if(type = 'redemption.succeeded', [off], []), if(type = 'redemption.succeeded', [0], []),
    if(type = 'points.changed', toInt64(intDiv(amount, 100)), 0), if(type = 'points.changed', toInt64(intDiv(amount, 100)), 0),
    multiIf(
      type = 'points.changed',
      toJSONString(CAST((customer, its_id, 'earned', intDiv(amount, 100), intDiv(amount, 100), order_id),
        'Tuple(customer String, entry_id String, kind String, points Int64, balance Int64, reference_id String)')),
      type = 'voucher.published',
      toJSONString(CAST((customer, voucher, campaign, code, 'unique', its_id, 'email'),
        'Tuple(customer String, voucher_id String, campaign_id String, code String, kind String, publication_id String, channel String)')),
      toJSONString(CAST((customer, its_id,
          (order_id, 'EUR', amount, 490, off, amount + 490 - off, 'web',
            arrayMap((sku, quantity, price, category, less) -> (concat('sku-', toString(sku)), quantity, price, [category, 'all'], less),
              line_skus, line_quantities, line_prices, line_categories, line_off)),
          if(has_codes, [(code, voucher, campaign, 'cam_h0', off, if(refused, [(reason, reason_code)], []))], []), 'api'),
        'Tuple(customer String, id String,
          order Tuple(id String, currency String, amount Int64, shipping_amount Int64, discount_amount Int64, total_amount Int64,
            channel String, items Array(Tuple(sku String, quantity Int64, unit_amount Int64, categories Array(String), discount_amount Int64))),
          codes Array(Tuple(code String, voucher_id String, campaign_id String, main_campaign_id String, discount_amount Int64,
            reasons Array(Tuple(key String, code Int64)))), source String)')))
  FROM
  (
    SELECT
      number AS n,
      -- One in some thousand orders is of the same few customers; half of the customers have one or two.
      concat('customer-', toString(least({customers: UInt64} - 1, toUInt64({customers: UInt64} * pow(${random(10)}, 1.7))))) AS customer,
      concat('order-', toString(n)) AS order_id,
      toInt64({start: Int64} + ({window: Int64} * (n + ${random(11)}) / {orders: UInt64})) AS base,
      1 + ${whole(12, 4)} AS lines,
      arrayMap(i -> toUInt32(500 * pow((cityHash64(n, 13, i) % 10007) / 10007, 2)), range(lines)) AS skus,
      arrayMap(i -> toInt64(1 + cityHash64(n, 14, i) % 3), range(lines)) AS quantities,
      arrayMap(sku -> toInt64(199 + cityHash64(sku) % 5000), skus) AS prices,
      arraySum(arrayMap((q, p) -> q * p, quantities, prices)) AS amount,
      1 + ${whole(15, campaignsCount - 1)} AS campaign_number,
      concat('cam_h', toString(campaign_number)) AS campaign,
      if(n % 3 = 0, concat('UNIQUE-', toString(n)), concat('SALE', toString(campaign_number))) AS code,
      if(n % 3 = 0, concat('vou_u', toString(n)), concat('vou_g', toString(campaign_number))) AS voucher,
      toInt64(amount * (5 + 5 * (campaign_number % 4)) / 100) AS discount,
      ${random(16)} AS luck,
      luck < 0.35 AS redeemed,
      luck BETWEEN 0.35 AND 0.45 AS would_refuse,
      ['order_below_minimum', 'voucher_expired', 'voucher_no_uses_left', 'rule_not_met'][1 + n % 4] AS reason,
      [2001, 1001, 1002, 0][1 + n % 4] AS reason_code,
      arrayFilter(event -> event.4, [
        ('validation.performed', 'val', 0, luck < 0.6),
        ('redemption.rejected', 'rej', 1000, would_refuse),
        ('redemption.succeeded', 'red', 2000, redeemed),
        ('order.paid', 'ord', 60000, luck < 0.93),
        ('points.changed', 'pts', 61000, luck < 0.4),
        ('voucher.published', 'pub', 3600000, n % 9 = 0),
        ('redemption.rolled_back', 'rol', 86400000, luck < 0.01),
        ('order.cancelled', 'orc', 86460000, luck < 0.01)
      ]) AS happened
    FROM numbers({from: UInt64}, {to: UInt64} - {from: UInt64})
  )
  ARRAY JOIN happened AS event, arrayEnumerate(happened) AS position, happened.1 AS type, happened.2 AS type_id, happened.3 AS delay`;
