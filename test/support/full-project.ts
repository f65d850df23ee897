/** A project with more of everything than one page of the console holds, all of it called as long and as hostile as may be. */
import { runVoucherImports } from "../../api/vouchers/imports/worker.ts";
import type { ScoredApp } from "../integration/risk/scored-app.ts";
import { send } from "./answers.ts";
import type { TestProject } from "./app.ts";
import { newCustomer, newEmailChannel, newTemplate, order, work } from "./messages.ts";
import { redeemBody, setUpPromotion } from "./promotions.ts";
import { attempt, openShop, reviewsOf, ring, settleShop } from "./suspicious-shop.ts";
import { workUntil } from "./workers.ts";

const hostile = `Sale <script>window.pwned=1</script>"><img src=x onerror="window.pwned=1">`;
/** @param length in characters, most of which are two bytes. */
const named = (length: number) => hostile.padEnd(length, "Ж");

type Ids = Readonly<
  Record<
    | "main"
    | "sub"
    | "pool"
    | "segment"
    | "rules"
    | "member"
    | "key"
    | "job"
    | "batch"
    | "import"
    | "customer"
    | "redemption"
    | "delivery"
    | "workflow"
    | "run"
    | "review"
    | "cluster"
    | "entry"
    | "channel"
    | "template"
    | "subscription",
    string
  >
>;

const rows = 110;
const customer = "anna".padEnd(150, "Ж");

export async function fillProject(app: ScoredApp, project: TestProject): Promise<Ids> {
  const make = async (path: string, body: object, headers: Record<string, string> = {}) => {
    const answer = await send(project, "POST", path, body, headers);
    if (answer.status >= 300) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  /** Copies of a row, each with an id of its own and what else must differ. @param other SQL for a json object; n counts. */
  const copy = async (table: string, where: string, other = "'{}'", count = rows) => {
    await app.pool.query(
      `insert into ${table} select (jsonb_populate_record(t, jsonb_build_object('id', t.id || '_' || n) || (${other})::jsonb)).*
       from ${table} t, generate_series(1, ${count}) n
       where t.project_id = $1 and t.id = (select id from ${table} where project_id = $1 and ${where} order by id limit 1)`,
      [project.projectId],
    );
  };
  const { campaignId: sub, mainId: main } = await setUpPromotion(project, {
    main: { name: named(200) },
    sub: { name: named(200), customer_information: named(2_000), redemptions_max: 100_000, team: named(100) },
  });
  const called = `'{"name": ' || to_json(left(t.name, 190) || n)::text || '}'`;
  await copy("campaign", "type = 'main'", called, 14);
  await app.pool.query(
    `insert into campaign
     select (jsonb_populate_record(t, jsonb_build_object('id', t.id || m.place || '_' || n, 'parent_id', m.id))).*
     from campaign t,
       (select id, row_number() over (order by id) as place from campaign where project_id = $1 and type = 'main') m,
       generate_series(1, case when m.id = '${main}' then 55 else 9 end) n
     where t.project_id = $1 and t.id = '${sub}'`,
    [project.projectId],
  );
  await app.pool.query(
    `insert into campaign_usage select (jsonb_populate_record(u, jsonb_build_object('campaign_id', c.id))).*
     from campaign_usage u, campaign c
     where u.project_id = $1 and u.campaign_id = '${sub}' and c.project_id = $1 on conflict do nothing`,
    [project.projectId],
  );

  const vouchers = `/v1/campaigns/${sub}/vouchers`;
  await make(vouchers, { code: "MINE", redemptions_max: 500, customer: { identifier: customer } });
  await copy("voucher", "code = 'MINE'", `jsonb_build_object('code', rpad('MINE-' || n, 60, 'X'))`);
  const pattern = { charset: "mixed", length: 12 };
  const { id: batch } = await make(`/v1/campaigns/${sub}/voucher-batches`, { size: 10, pattern });
  await copy("voucher_batch", "true");
  const file = `code,redemptions_max\n${Array.from({ length: rows + 20 }, (_, at) => `BAD-${at},many\n`).join("")}`;
  const sent = await project.request("POST", `${vouchers}/import`, file, { "content-type": "text/csv" });
  const { id: imported } = (await sent.json()) as { id: string };
  const importing = (signal: AbortSignal) => runVoucherImports(app.deps, signal);
  await workUntil([importing], async () => {
    const { body } = await send(project, "GET", `/v1/imports/${imported}`);
    return body.status === "done";
  });

  const { id: pool } = await make("/v1/pools", { name: named(190), low_stock: 3 });
  await copy("pool", "true", called);
  const { id: segment } = await make("/v1/segments", { name: named(190) });
  await copy("segment", "true", called);
  const { id: rules } = await make("/v1/segments", {
    name: "By rules",
    kind: "dynamic",
    rules: { all: [{ on: "customer.orders_count", op: "greater_or_equal", value: 3 }] },
  });
  await copy("customer", "true", `jsonb_build_object('identifier', rpad('n' || n || ' <i>', 150, 'Ж'))`);
  const { data } = (await send(project, "GET", "/v1/customers?limit=100")).body;
  const customers = data.map(({ identifier }: { identifier: string }) => identifier);
  await make(`/v1/segments/${segment}/members`, { customers });

  const to = { customers: [{ identifier: customer }] };
  const { id: job } = await make("/v1/publication-jobs", { campaign_id: sub, to, name: named(200) });
  const faults = JSON.stringify(Array.from({ length: 100 }, (_, line) => ({ line, reason: named(100) })));
  await app.pool.query("update publication_job set faults = $2, failed = 100 where project_id = $1", [
    project.projectId,
    faults,
  ]);
  await copy("publication_job", "true");

  const { id: key } = await make("/v1/keys", { name: named(200), kind: "secret", scopes: ["manage"] });
  await copy("api_key", `id = '${key}'`, `jsonb_build_object('key_hash', '\\x' || md5(t.id || n) || md5(n || t.id))`);
  const { id: member } = await make("/v1/members", { name: named(100), email: "a@people.example", role: "manager" });
  await copy("member", "true", `jsonb_build_object('email', n || '@people.example')`);
  await app.pool.query(
    `insert into api_key
     select (jsonb_populate_record(k, jsonb_build_object('id', k.id || m.id, 'member_id', m.id, 'key_hash',
       '\\x' || md5(m.id) || md5(k.id || m.id)))).*
     from api_key k, member m
     where k.project_id = $1 and k.member_id = $2 and m.project_id = $1 and m.id <> $2`,
    [project.projectId, member],
  );

  const channel = await newEmailChannel(project, 9, { name: named(100) });
  await copy("channel", "true", called);
  const template = await newTemplate(project, { name: named(100) });
  const customerId = await newCustomer(project, { name: named(100) });
  const { id: delivery } = await order(
    app,
    project,
    { channelId: channel, templateId: template, customerId },
    new Date(),
  );
  await work(app, project, delivery, new Date());
  await copy("delivery", `id = '${delivery}'`, `jsonb_build_object('source_id', t.id || n)`);
  const { id: subscription } = await make("/v1/event-subscriptions", {
    url: `https://people.example/${"x".repeat(400)}`,
    types: ["redemption.succeeded"],
    description: named(400),
  });
  await copy("event_subscription", "true", "'{}'", 40);
  const { id: workflow } = await make("/v1/workflows", {
    name: named(190),
    trigger: { on: "order.paid" },
    steps: Array.from({ length: 10 }, () => ({ type: "points", points: 10 })),
    settings: { currency: "EUR", time_zone: "UTC" },
  });
  await copy("workflow", "true", called);
  const trigger = JSON.stringify({
    type: "order.paid",
    at: new Date().toISOString(),
    fields: {},
    order: null,
    vouchers: [],
  });
  await app.pool.query(
    `insert into workflow_run (project_id, id, workflow_id, version, customer_id, trigger_key, trigger, status, reason,
       due_at, started_at, ended_at)
     select $1, 'wfr_' || n, $2, 1, $3, 'event-' || n, $4, 'failed', 'campaign_not_active', now(), now(), now()
     from generate_series(1, ${rows}) n`,
    [project.projectId, workflow, customerId, trigger],
  );

  const taken = redeemBody({ codes: ["MINE"], orderId: named(90), customer });
  const { id: redemption } = await make("/v1/redemptions", taken, { "idempotency-key": "taken" });
  await copy("redemption", `id = '${redemption}'`, `jsonb_build_object('order_id', t.order_id || n)`);
  const shop = await openShop(project, { name: named(190) });
  for (const one of ring) await attempt(app, project, shop, { ...one, name: named(190) });
  await settleShop(app);
  const [review = ""] = (await reviewsOf(project)).values();
  const [cluster] = (await send(project, "GET", "/v1/clusters")).body.data;
  const [entry] = (await send(project, "GET", "/v1/audit-log")).body.data;
  return {
    main,
    sub,
    pool,
    segment,
    rules,
    member,
    key,
    job,
    batch,
    import: imported,
    customer: encodeURIComponent(customer),
    redemption,
    delivery,
    workflow,
    run: "wfr_1",
    review,
    cluster: cluster.cluster_id,
    entry: entry.id,
    channel,
    template,
    subscription,
  };
}
