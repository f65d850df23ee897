-- The one-way doors of the product: redeem, refuse, roll back. Each is one call, one transaction, one commit.
--
-- The caller decides (api/domain) on facts it has read; these functions only take, and only if what was decided still
-- holds. They never explain: when a counter no longer has room, or a definition has changed, everything is undone and
-- the outcome is 'retry'. The caller then reads again and decides again, so every refusal comes from one place and
-- lists all its reasons.
--
-- Locks, always in this order: idempotency key, order, customer, main campaigns by id, sub-campaigns by id, vouchers by
-- code, customer usage. Takes arrive sorted that way.

create function append_events(p_project_id text, p_events jsonb) returns void
language sql volatile
set search_path = public, pg_temp
as $$
  insert into outbox (event_id, project_id, type, version, occurred_at, payload)
  select e.event_id, p_project_id, e.type, e.version, e.occurred_at, e.payload
  from jsonb_to_recordset(p_events)
    as e(event_id text, type text, version smallint, occurred_at timestamptz, payload jsonb);
$$;

-- A lock on an order that lasts until the transaction ends. Orders need no row of their own before they are reported.
create function lock_order(p_project_id text, p_order_id text) returns void
language sql volatile
set search_path = public, pg_temp
as $$
  select pg_advisory_xact_lock(hashtextextended(p_project_id || ' ' || p_order_id, 7236));
$$;

-- Puts an answer under an idempotency key. No row: the key was free and now holds it. A row: what it held before
-- (an unfinished twin was waited for), with outcome 'replayed', or 'key_reused' when the request was another one.
create function claim_key(p_project_id text, p_key text, p_hash bytea, p_status smallint, p_body text)
returns table (outcome text, status smallint, body text)
language plpgsql volatile
set search_path = public, pg_temp
as $$
begin
  insert into idempotency_key (project_id, key, request_hash, response_status, response_body)
  values (p_project_id, p_key, p_hash, p_status, p_body)
  on conflict (project_id, key) do nothing;
  if found then return; end if;
  return query
    select case when k.request_hash = p_hash then 'replayed' else 'key_reused' end, k.response_status, k.response_body
    from idempotency_key k where k.project_id = p_project_id and k.key = p_key;
end
$$;

-- p: { project_id, idempotency_key, request_hash (hex), order_id, order_codes_seen: ["redemption_id voucher_id"], customer: null | { id, identifier, known },
--      versions: [{ campaign_id, version }], takes: [{ kind, id, scope, version, uses, amount, uses_max, amount_max }],
--      redemption: { … }, codes: [{ … }], events: [{ … }], decided_at, occurred_at, response }
-- → one row: outcome 'done' | 'replayed' | 'key_reused' | 'retry', and the answer to send.
create function redeem(p jsonb) returns table (outcome text, status smallint, body text)
language plpgsql volatile
set search_path = public, pg_temp
as $$
declare
  v_project text := p ->> 'project_id';
  v_order text := p ->> 'order_id';
  v_customer text := p -> 'customer' ->> 'id';
  v_occurred timestamptz := (p ->> 'occurred_at')::timestamptz;
  v_decided timestamptz := (p ->> 'decided_at')::timestamptz;
  t record;
begin
  return query select * from claim_key(
    v_project, p ->> 'idempotency_key', decode(p ->> 'request_hash', 'hex'), 201::smallint, p ->> 'response');
  if found then return; end if;

  perform lock_order(v_project, v_order);
  if p -> 'order_codes_seen' <> (
      select coalesce(jsonb_agg(rc.redemption_id || ' ' || rc.voucher_id order by rc.redemption_id, rc.position), '[]')
      from redemption_code rc
      where rc.project_id = v_project and rc.order_id = v_order and rc.live)
    or exists (
      select from orders o
      where o.project_id = v_project and o.id = v_order and o.status in ('cancelled', 'refunded')) then
    raise exception using errcode = 'TS001';
  end if;

  if v_customer is not null and not (p -> 'customer' ->> 'known')::boolean then
    insert into customer (project_id, id, identifier, created_at, updated_at)
    values (v_project, v_customer, p -> 'customer' ->> 'identifier', v_occurred, v_decided)
    on conflict (project_id, identifier) do nothing;
    if not found then raise exception using errcode = 'TS001'; end if;
  end if;

  for t in
    select * from jsonb_to_recordset(p -> 'takes')
      as x(kind text, id text, scope text, version int, uses bigint, amount bigint, uses_max bigint, amount_max bigint)
  loop
    case t.kind
      when 'campaign' then
        update campaign_usage u
        set redemptions_count = u.redemptions_count + t.uses, discount_amount = u.discount_amount + t.amount
        where u.project_id = v_project and u.campaign_id = t.id
          and (t.uses_max is null or u.redemptions_count + t.uses <= t.uses_max)
          and (t.amount_max is null or u.discount_amount + t.amount <= t.amount_max);
      when 'voucher' then
        update voucher v
        set redemptions_count = v.redemptions_count + t.uses, discount_amount = v.discount_amount + t.amount,
            status = case when v.redemptions_count + t.uses >= v.redemptions_max then 'redeemed' else v.status end
        where v.project_id = v_project and v.id = t.id and v.version = t.version
          and (t.uses_max is null or v.redemptions_count + t.uses <= t.uses_max)
          and (t.amount_max is null or v.discount_amount + t.amount <= t.amount_max);
      when 'customer' then
        insert into customer_usage as u (project_id, customer_id, scope, scope_id, redemptions_count, discount_amount)
        select v_project, v_customer, t.scope, t.id, t.uses, t.amount
        where (t.uses_max is null or t.uses <= t.uses_max) and (t.amount_max is null or t.amount <= t.amount_max)
        on conflict (project_id, customer_id, scope, scope_id) do update
        set redemptions_count = u.redemptions_count + excluded.redemptions_count,
            discount_amount = u.discount_amount + excluded.discount_amount
        where (t.uses_max is null or u.redemptions_count + t.uses <= t.uses_max)
          and (t.amount_max is null or u.discount_amount + t.amount <= t.amount_max);
    end case;
    if not found then raise exception using errcode = 'TS001'; end if;
  end loop;

  -- After the takes: whoever changes a definition locks its usage row first, so from here on no version can move.
  if exists (
    select from jsonb_to_recordset(p -> 'versions') as x(campaign_id text, version int)
    left join campaign c on c.project_id = v_project and c.id = x.campaign_id and c.version = x.version
    where c.id is null
  ) then
    raise exception using errcode = 'TS001';
  end if;

  insert into redemption (project_id, id, order_id, customer_id, status, currency, amount, discount_amount, order_data,
                          source, risk, trace, response, occurred_at, created_at)
  select v_project, r.id, v_order, v_customer, 'redeemed', r.currency, r.amount, r.discount_amount, r.order_data,
         r.source, r.risk, r.trace, (p ->> 'response')::jsonb, v_occurred, v_decided
  from jsonb_to_record(p -> 'redemption') as r(
    id text, currency text, amount bigint, discount_amount bigint, order_data jsonb, source text, risk jsonb, trace jsonb);

  insert into redemption_code (project_id, redemption_id, position, order_id, voucher_id, code, campaign_id,
                               main_campaign_id, customer_id, discount_amount, items_discount, shipping_discount)
  select v_project, p -> 'redemption' ->> 'id', c.position, v_order, c.voucher_id, c.code, c.campaign_id,
         c.main_campaign_id, v_customer, c.discount_amount, c.items_discount, c.shipping_discount
  from jsonb_to_recordset(p -> 'codes') as c(
    position smallint, voucher_id text, code text, campaign_id text, main_campaign_id text, discount_amount bigint,
    items_discount bigint[], shipping_discount bigint);

  perform append_events(v_project, p -> 'events');
  return query select 'done', 201::smallint, p ->> 'response';
exception
  -- Rolls back to before the key was claimed: a twin that waits on it may go on.
  when sqlstate 'TS001' then
    return query select 'retry', 0::smallint, null::text;
end
$$;

-- Records a refusal and its answer. p: { project_id, idempotency_key, request_hash, status, response, decided_at,
-- occurred_at, customer: null | { identifier }, rejection: null | { … }, events }. Takes nothing.
create function refuse(p jsonb) returns table (outcome text, status smallint, body text)
language plpgsql volatile
set search_path = public, pg_temp
as $$
declare
  v_project text := p ->> 'project_id';
begin
  return query select * from claim_key(
    v_project, p ->> 'idempotency_key', decode(p ->> 'request_hash', 'hex'), (p ->> 'status')::smallint, p ->> 'response');
  if found then return; end if;

  if jsonb_typeof(p -> 'rejection') = 'object' then
    insert into rejection (project_id, id, order_id, customer_identifier, codes, campaign_ids, reasons, currency, amount,
                           order_data, source, risk, trace, occurred_at, created_at)
    select v_project, r.id, r.order_id, p -> 'customer' ->> 'identifier', r.codes, r.campaign_ids, r.reasons, r.currency,
           r.amount, r.order_data, r.source, r.risk, r.trace,
           (p ->> 'occurred_at')::timestamptz, (p ->> 'decided_at')::timestamptz
    from jsonb_to_record(p -> 'rejection') as r(
      id text, order_id text, codes text[], campaign_ids text[], reasons jsonb, currency text, amount bigint,
      order_data jsonb, source text, risk jsonb, trace jsonb);
    perform append_events(v_project, p -> 'events');
  end if;
  return query select 'done', (p ->> 'status')::smallint, p ->> 'response';
end
$$;

-- Undoes a redemption whole: returns every use and every cent it took, in the order in which they were taken.
-- p: { project_id, redemption_id, order_id, idempotency_key?, request_hash?, rollback: { id, reason }, occurred_at,
--      decided_at, events, response }
-- → outcome 'done' | 'replayed' | 'key_reused' | 'nothing_left'.
create function roll_back(p jsonb) returns table (outcome text, status smallint, body text)
language plpgsql volatile
set search_path = public, pg_temp
as $$
declare
  v_project text := p ->> 'project_id';
  v_redemption text := p ->> 'redemption_id';
  t record;
begin
  if p ->> 'idempotency_key' is not null then
    return query select * from claim_key(
      v_project, p ->> 'idempotency_key', decode(p ->> 'request_hash', 'hex'), 201::smallint, p ->> 'response');
    if found then return; end if;
  end if;

  perform lock_order(v_project, p ->> 'order_id');
  -- Whoever changes the status gives back; nobody else can.
  update redemption r set status = 'rolled_back'
  where r.project_id = v_project and r.id = v_redemption and r.status = 'redeemed';
  if not found then raise exception using errcode = 'TS002'; end if;

  for t in
    select x.id, sum(x.uses) as uses, sum(x.amount) as amount from (
      select 0 as level, c.main_campaign_id as id, 1 as uses, c.discount_amount as amount
      from redemption_code c where c.project_id = v_project and c.redemption_id = v_redemption
      union all
      select 1, c.campaign_id, 1, c.discount_amount
      from redemption_code c where c.project_id = v_project and c.redemption_id = v_redemption) x
    group by x.level, x.id order by x.level, x.id
  loop
    update campaign_usage u
    set redemptions_count = u.redemptions_count - t.uses, discount_amount = u.discount_amount - t.amount
    where u.project_id = v_project and u.campaign_id = t.id;
  end loop;

  for t in
    select c.voucher_id, c.discount_amount from redemption_code c
    where c.project_id = v_project and c.redemption_id = v_redemption order by c.code
  loop
    update voucher v
    set redemptions_count = v.redemptions_count - 1, discount_amount = v.discount_amount - t.discount_amount,
        status = case when v.status <> 'redeemed' then v.status
                      when exists (
                        select from publication pb
                        where pb.project_id = v_project and pb.customer_id = v.customer_id and pb.voucher_id = v.id)
                      then 'distributed' else 'created' end
    where v.project_id = v_project and v.id = t.voucher_id;
  end loop;

  for t in
    select x.customer_id, x.scope, x.id, sum(x.uses) as uses, sum(x.amount) as amount from (
      select c.customer_id, k.scope, k.id, 1 as uses, c.discount_amount as amount
      from redemption_code c,
        lateral (values ('campaign', c.main_campaign_id), ('campaign', c.campaign_id), ('voucher', c.voucher_id)) k(scope, id)
      where c.project_id = v_project and c.redemption_id = v_redemption and c.customer_id is not null) x
    group by x.customer_id, x.scope, x.id order by x.scope, x.id
  loop
    update customer_usage u
    set redemptions_count = u.redemptions_count - t.uses, discount_amount = u.discount_amount - t.amount
    where u.project_id = v_project and u.customer_id = t.customer_id and u.scope = t.scope and u.scope_id = t.id;
  end loop;

  update redemption_code c set live = false where c.project_id = v_project and c.redemption_id = v_redemption;
  insert into redemption_rollback (project_id, id, redemption_id, discount_amount, reason, occurred_at, created_at)
  select v_project, p -> 'rollback' ->> 'id', v_redemption, r.discount_amount, p -> 'rollback' ->> 'reason',
         (p ->> 'occurred_at')::timestamptz, (p ->> 'decided_at')::timestamptz
  from redemption r where r.project_id = v_project and r.id = v_redemption;
  perform append_events(v_project, p -> 'events');
  return query select 'done', 201::smallint, p ->> 'response';
exception
  when sqlstate 'TS002' then
    return query select 'nothing_left', 0::smallint, null::text;
end
$$;
