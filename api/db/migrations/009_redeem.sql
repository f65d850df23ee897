-- The one-way doors of the product, once more and complete: redeem, reserve, refuse, confirm, release, roll back.
--
-- The caller decides (api/domain) on facts it has read; these functions only take, and only if what was decided still
-- holds. They never explain: when a counter no longer has room, or a definition has changed, everything is undone and
-- the outcome is 'retry'. The caller then reads again and decides again, so every refusal comes from one place and
-- lists all its reasons.
--
-- Locks, always in this order: idempotency keys, orders, customers that are new, main campaigns by id, sub-campaigns by
-- id, periods, vouchers by code, customer usage, points accounts by customer. Lines arrive sorted that way.

drop function redeem(jsonb);
drop function refuse(jsonb);
drop function roll_back(jsonb);

-- Moves counters, each only within its maxima; null means no maximum. Raises TS001 when one does not move.
-- A line: { kind, id, scope?, customer_id?, bucket?, version?, uses, amount, orders?, balance?, holds?, disable?,
-- uses_max?, amount_max?, orders_max? }. Maxima bind what grows: one that was lowered below what is used stops no points
-- without a discount. What shrinks is given back.
create function move(p_project text, p_lines jsonb) returns void
language plpgsql volatile
set search_path = public, pg_temp
as $$
declare
  t record;
begin
  for t in
    select x.kind, x.id, x.scope, coalesce(x.customer_id, '') as customer_id, x.bucket, x.version, x.uses, x.amount,
           coalesce(x.orders, 0) as orders, coalesce(x.balance, 0) as balance, coalesce(x.holds, 0) as holds,
           coalesce(x.disable, false) as disable, case when x.uses > 0 then x.uses_max end as uses_max,
           case when x.amount > 0 then x.amount_max end as amount_max,
           case when x.orders > 0 then x.orders_max end as orders_max
    from jsonb_to_recordset(p_lines) as x(
      kind text, id text, scope text, customer_id text, bucket text, version int, uses bigint, amount bigint,
      orders bigint, balance bigint, holds int, disable boolean, uses_max bigint, amount_max bigint, orders_max bigint)
  loop
    case t.kind
      when 'campaign' then
        update campaign_usage u
        set redemptions_count = u.redemptions_count + t.uses, discount_amount = u.discount_amount + t.amount,
            orders_amount = u.orders_amount + t.orders
        where u.project_id = p_project and u.campaign_id = t.id
          and (t.uses_max is null or u.redemptions_count + t.uses <= t.uses_max)
          and (t.amount_max is null or u.discount_amount + t.amount <= t.amount_max)
          and (t.orders_max is null or u.orders_amount + t.orders <= t.orders_max);
      when 'voucher' then
        update voucher v
        set redemptions_count = v.redemptions_count + t.uses, discount_amount = v.discount_amount + t.amount,
            balance_amount = v.balance_amount + t.balance, holds_count = v.holds_count + t.holds,
            version = v.version + t.disable::int,
            status = case
              when v.status = 'disabled' or t.disable then 'disabled'
              when v.redemptions_count + t.uses >= v.redemptions_max or v.balance_amount + t.balance = 0 then 'redeemed'
              when v.status <> 'redeemed' then v.status
              when exists (
                select from publication pb
                where pb.project_id = p_project and pb.customer_id = v.customer_id and pb.voucher_id = v.id)
              then 'distributed' else 'created' end
        where v.project_id = p_project and v.id = t.id
          and (t.version is null or v.version = t.version)
          and (t.uses_max is null or v.redemptions_count + t.uses <= t.uses_max)
          and (t.amount_max is null or v.discount_amount + t.amount <= t.amount_max)
          and (t.balance = 0 or v.balance_amount + t.balance >= 0)
          and (not t.disable or v.redemptions_count = 0);
      when 'customer' then
        -- What is given back was taken, so the row is there; an upsert would first check the negative row by itself.
        if t.uses < 0 or t.amount < 0 then
          update customer_usage u
          set redemptions_count = u.redemptions_count + t.uses, discount_amount = u.discount_amount + t.amount
          where u.project_id = p_project and u.customer_id = t.customer_id and u.scope = t.scope and u.scope_id = t.id;
        else
          insert into customer_usage as u (project_id, customer_id, scope, scope_id, redemptions_count, discount_amount)
          select p_project, t.customer_id, t.scope, t.id, t.uses, t.amount
          where (t.uses_max is null or t.uses <= t.uses_max) and (t.amount_max is null or t.amount <= t.amount_max)
          on conflict (project_id, customer_id, scope, scope_id) do update
          set redemptions_count = u.redemptions_count + t.uses, discount_amount = u.discount_amount + t.amount
          where (t.uses_max is null or u.redemptions_count + t.uses <= t.uses_max)
            and (t.amount_max is null or u.discount_amount + t.amount <= t.amount_max);
        end if;
      when 'period' then
        if t.uses < 0 or t.amount < 0 then
          update period_usage u
          set redemptions_count = u.redemptions_count + t.uses, discount_amount = u.discount_amount + t.amount
          where u.project_id = p_project and u.scope = t.scope and u.scope_id = t.id and u.customer_id = t.customer_id
            and u.bucket = t.bucket;
        else
          insert into period_usage as u (project_id, scope, scope_id, customer_id, bucket, redemptions_count, discount_amount)
          select p_project, t.scope, t.id, t.customer_id, t.bucket, t.uses, t.amount
          where (t.uses_max is null or t.uses <= t.uses_max) and (t.amount_max is null or t.amount <= t.amount_max)
          on conflict (project_id, scope, scope_id, customer_id, bucket) do update
          set redemptions_count = u.redemptions_count + t.uses, discount_amount = u.discount_amount + t.amount
          where (t.uses_max is null or u.redemptions_count + t.uses <= t.uses_max)
            and (t.amount_max is null or u.discount_amount + t.amount <= t.amount_max);
        end if;
    end case;
    if not found then raise exception using errcode = 'TS001'; end if;
  end loop;
end
$$;

-- Points come and go last, by customer id. p_points: [{ customer_id, points, kind, reason, expires_at }].
create function move_all_points(p_project text, p_points jsonb, p_reference text, p_at timestamptz) returns void
language plpgsql volatile
set search_path = public, pg_temp
as $$
declare
  t record;
begin
  for t in
    select * from jsonb_to_recordset(p_points)
      as x(customer_id text, points bigint, kind text, reason text, expires_at timestamptz)
  loop
    perform move_points(p_project, t.customer_id, t.points, t.kind, t.reason, p_reference, t.expires_at, p_at);
  end loop;
end
$$;

-- Vouchers, cards and the record of what a redemption gave. p_issues: [{ id, type, campaign_id, customer_id, amount?,
-- voucher_id?, voucher_code?, voucher_campaign_id?, pool_code_id? }]. Credit on a card that exists is a line of `move`.
create function issue_rewards(p_project text, p_redemption text, p_issues jsonb, p_at timestamptz, p_now timestamptz)
returns void
language plpgsql volatile
set search_path = public, pg_temp
as $$
declare
  v_card text;
  t record;
begin
  for t in
    select * from jsonb_to_recordset(p_issues) as x(
      id text, type text, campaign_id text, customer_id text, amount bigint, voucher_id text, voucher_code text,
      voucher_campaign_id text, pool_code_id text)
  loop
    if t.type = 'voucher' then
      perform issue_voucher(p_project, t.voucher_id, t.voucher_code, t.voucher_campaign_id, t.customer_id, p_at);
    elsif t.type = 'gift_credit' and t.voucher_code is not null then
      v_card := credit_gift_card(
        p_project, t.voucher_campaign_id, t.customer_id, t.amount, t.voucher_id, t.voucher_code, t.id, p_redemption, p_at, p_now);
      -- Somebody else made the card meanwhile: the answer would name one that does not exist.
      if v_card <> t.voucher_id then raise exception using errcode = 'TS001'; end if;
    elsif t.type = 'gift_credit' then
      perform announce_gift_credit(p_project, t.voucher_id, t.amount, null, p_at);
    end if;
    insert into issued_reward (project_id, id, redemption_id, campaign_id, customer_id, type, amount, voucher_id,
                               pool_code_id, status, created_at)
    values (p_project, t.id, p_redemption, t.campaign_id, t.customer_id, t.type, t.amount, t.voucher_id,
            t.pool_code_id, 'issued', p_now);
  end loop;
end
$$;

-- The text of an answer or of events, with each "@pool:n@" replaced by the code that was taken for it.
create function with_pool_codes(p_text text, p_codes text[]) returns text
language plpgsql immutable
set search_path = public, pg_temp
as $$
begin
  for n in 1 .. coalesce(array_length(p_codes, 1), 0) loop
    p_text := replace(p_text, '"@pool:' || (n - 1) || '@"', to_json(p_codes[n])::text);
  end loop;
  return p_text;
end
$$;

create function insert_redemption(
  p_project text, p_order text, p_customer text, p jsonb, p_response text, p_occurred timestamptz, p_decided timestamptz
) returns void
language sql volatile
set search_path = public, pg_temp
as $$
  insert into redemption (project_id, id, order_id, customer_id, status, currency, amount, discount_amount, order_data,
                          source, risk, trace, facts, response, occurred_at, created_at)
  select p_project, r.id, p_order, p_customer, 'redeemed', r.currency, r.amount, r.discount_amount, r.order_data,
         r.source, r.risk, r.trace, r.facts, p_response::jsonb, p_occurred, p_decided
  from jsonb_to_record(p) as r(
    id text, currency text, amount bigint, discount_amount bigint, order_data jsonb, source text, risk jsonb,
    trace jsonb, facts jsonb);
$$;

-- A lock on a customer who has no row yet, until the transaction ends.
create function lock_newcomer(p_project_id text, p_identifier text) returns void
language sql volatile
set search_path = public, pg_temp
as $$
  select pg_advisory_xact_lock(hashtextextended(p_project_id || ' ' || p_identifier, 7237));
$$;

-- What the one whose key is claimed takes and records. Raises TS001 when something no longer holds.
-- → the answer, when it differs from the one that the key was claimed with.
create function take(p jsonb) returns text
language plpgsql volatile
set search_path = public, pg_temp
as $$
declare
  v_project text := p ->> 'project_id';
  v_order text := p ->> 'order_id';
  v_customer text := p -> 'customer' ->> 'id';
  v_redemption text := p ->> 'redemption_id';
  v_occurred timestamptz := (p ->> 'occurred_at')::timestamptz;
  v_decided timestamptz := (p ->> 'decided_at')::timestamptz;
  v_reserves boolean := p ->> 'op' = 'reserve';
  v_response text := p ->> 'response';
  v_pool_codes text[];
  v_pool_ids text[];
  v_issues jsonb := p -> 'issues';
  v_events jsonb := p -> 'events';
  v_code record;
  t record;
begin
  -- What follows is written out where it is needed: calling another function costs as much as a statement.
  perform pg_advisory_xact_lock(hashtextextended(v_project || ' ' || v_order, 7236));
  if p -> 'order_codes_seen' <> (
      select coalesce(jsonb_agg(rc.redemption_id || ' ' || coalesce(rc.voucher_id, rc.campaign_id)
                                order by rc.redemption_id, rc.position), '[]')
      from redemption_code rc
      where rc.project_id = v_project and rc.order_id = v_order and rc.live)
    or exists (
      select from orders o
      where o.project_id = v_project and o.id = v_order and o.status in ('cancelled', 'refunded')) then
    raise exception using errcode = 'TS001';
  end if;

  if v_customer is not null and not (p -> 'customer' ->> 'known')::boolean then
    perform lock_newcomer(v_project, p -> 'customer' ->> 'identifier');
    insert into customer (project_id, id, identifier, created_at, updated_at)
    values (v_project, v_customer, p -> 'customer' ->> 'identifier', v_occurred, v_decided)
    on conflict (project_id, identifier) do nothing;
    if not found then raise exception using errcode = 'TS001'; end if;
  end if;

  perform move(v_project, p -> 'lines');

  -- After the takes: whoever changes a definition locks its usage row first, so from here on no version can move.
  if exists (
    select from jsonb_to_recordset(p -> 'versions') as x(campaign_id text, version int)
    left join campaign c on c.project_id = v_project and c.id = x.campaign_id and c.version = x.version
    where c.id is null
  ) then
    raise exception using errcode = 'TS001';
  end if;

  if jsonb_array_length(p -> 'points') > 0 then
    perform move_all_points(v_project, p -> 'points', v_redemption, v_decided);
  end if;

  if jsonb_array_length(p -> 'pools') > 0 then
    for t in select * from jsonb_to_recordset(p -> 'pools') as x(pool_id text, customer_id text, issue int) loop
      select k.id, k.code into v_code from take_pool_code(v_project, t.pool_id, t.customer_id, v_redemption, v_decided) k;
      if not found then raise exception using errcode = 'TS001'; end if;
      v_pool_codes := v_pool_codes || v_code.code;
      v_pool_ids := v_pool_ids || v_code.id;
      if t.issue is not null then
        v_issues := jsonb_set(v_issues, array[t.issue::text, 'pool_code_id'], to_jsonb(v_code.id));
      end if;
    end loop;
    v_response := with_pool_codes(v_response, v_pool_codes);
  end if;

  if v_reserves then
    insert into reservation (project_id, id, redemption_id, order_id, customer_id, status, discount_amount, content,
                             response, expires_at, created_at)
    select v_project, p ->> 'reservation_id', v_redemption, v_order, v_customer, 'held',
           (p -> 'redemption' ->> 'discount_amount')::bigint,
           (p -> 'content') || jsonb_build_object('issues', v_issues, 'pool_codes', to_jsonb(coalesce(v_pool_codes, '{}'))),
           v_response::jsonb, (p ->> 'expires_at')::timestamptz, v_decided;
  else
    insert into redemption (project_id, id, order_id, customer_id, status, currency, amount, discount_amount, order_data,
                            source, risk, trace, facts, response, occurred_at, created_at)
    select v_project, r.id, v_order, v_customer, 'redeemed', r.currency, r.amount, r.discount_amount, r.order_data,
           r.source, r.risk, r.trace, r.facts, v_response::jsonb, v_occurred, v_decided
    from jsonb_to_record(p -> 'redemption') as r(
      id text, currency text, amount bigint, discount_amount bigint, order_data jsonb, source text, risk jsonb,
      trace jsonb, facts jsonb);
    if jsonb_array_length(v_issues) > 0 then
      perform issue_rewards(v_project, v_redemption, v_issues, v_occurred, v_decided);
    end if;
  end if;

  insert into redemption_code (project_id, redemption_id, position, order_id, voucher_id, code, campaign_id,
                               main_campaign_id, customer_id, discount_amount, items_discount, shipping_discount, rewards)
  select v_project, v_redemption, c.position, v_order, c.voucher_id, c.code, c.campaign_id,
         c.main_campaign_id, v_customer, c.discount_amount, c.items_discount, c.shipping_discount, c.rewards
  from jsonb_to_recordset(p -> 'codes') as c(
    position smallint, voucher_id text, code text, campaign_id text, main_campaign_id text, discount_amount bigint,
    items_discount bigint[], shipping_discount bigint, rewards jsonb);

  insert into ledger (project_id, kind, movement_id, reference_id, order_id, discount_amount, lines, occurred_at, created_at)
  values (v_project, p ->> 'op', coalesce(p ->> 'reservation_id', v_redemption), v_redemption, v_order,
          (p -> 'redemption' ->> 'discount_amount')::bigint, p -> 'lines', v_occurred, v_decided);

  if v_pool_codes is not null then v_events := with_pool_codes(v_events::text, v_pool_codes)::jsonb; end if;
  insert into outbox (event_id, project_id, type, version, occurred_at, payload)
  select e.event_id, v_project, e.type, e.version, e.occurred_at, e.payload
  from jsonb_to_recordset(v_events)
    as e(event_id text, type text, version smallint, occurred_at timestamptz, payload jsonb);
  return case when v_pool_codes is not null then v_response end;
end
$$;

-- Records a refusal. Takes nothing.
create function record_rejection(p jsonb) returns void
language plpgsql volatile
set search_path = public, pg_temp
as $$
begin
  if jsonb_typeof(p -> 'rejection') <> 'object' then return; end if;
  insert into rejection (project_id, id, order_id, customer_identifier, codes, campaign_ids, reasons, currency, amount,
                         order_data, source, risk, trace, occurred_at, created_at)
  select p ->> 'project_id', r.id, r.order_id, p -> 'customer' ->> 'identifier', r.codes, r.campaign_ids, r.reasons,
         r.currency, r.amount, r.order_data, r.source, r.risk, r.trace,
         (p ->> 'occurred_at')::timestamptz, (p ->> 'decided_at')::timestamptz
  from jsonb_to_record(p -> 'rejection') as r(
    id text, order_id text, codes text[], campaign_ids text[], reasons jsonb, currency text, amount bigint,
    order_data jsonb, source text, risk jsonb, trace jsonb);
  perform append_events(p ->> 'project_id', p -> 'events');
end
$$;

-- Takes every lock that the rows of a batch will need, in the one order, so that two batches wait for each other at most
-- and never in a circle. Usage of periods and customers needs none: whoever moves it holds its campaign already.
create function lock_rows(p_batch jsonb[]) returns void
language plpgsql volatile
set search_path = public, pg_temp
as $$
declare
  t record;
begin
  -- Row by row, each by its key: a join would be planned once, for tables and batches of another size.
  for t in
    select distinct e ->> 'project_id' as project_id, e ->> 'order_id' as order_id
    from unnest(p_batch) e order by 1, 2
  loop
    perform lock_order(t.project_id, t.order_id);
  end loop;

  for t in
    select distinct e ->> 'project_id' as project_id, (e -> 'customer' ->> 'identifier') collate "C" as identifier
    from unnest(p_batch) e where e -> 'customer' ->> 'known' = 'false' order by 1, 2
  loop
    perform lock_newcomer(t.project_id, t.identifier);
  end loop;

  for t in
    select distinct l ->> 'rank' as rank, e ->> 'project_id' as project_id, l ->> 'id' as id
    from unnest(p_batch) e, jsonb_array_elements(e -> 'lines') l where l ->> 'kind' = 'campaign' order by 1, 2, 3
  loop
    perform from campaign_usage u where u.project_id = t.project_id and u.campaign_id = t.id for update;
  end loop;

  for t in
    select distinct e ->> 'project_id' as project_id, (l ->> 'code') collate "C" as code, l ->> 'id' as id
    from unnest(p_batch) e, jsonb_array_elements(e -> 'lines') l where l ->> 'kind' = 'voucher' order by 1, 2
  loop
    perform from voucher v where v.project_id = t.project_id and v.id = t.id for update;
  end loop;

  for t in
    select distinct e ->> 'project_id' as project_id, (l ->> 'customer_id') collate "C" as id
    from unnest(p_batch) e, jsonb_array_elements(e -> 'points') l order by 1, 2
  loop
    insert into points_account as a (project_id, customer_id)
    select c.project_id, c.id from customer c where c.project_id = t.project_id and c.id = t.id
    on conflict (project_id, customer_id) do update set balance = a.balance;
  end loop;
end
$$;

-- Takes every lock that giving back all of an order will need: what its live codes, holds included, have taken and what
-- they gave. The caller holds lock_order.
create function lock_all_of_order(p_project text, p_order text) returns void
language plpgsql volatile
set search_path = public, pg_temp
as $$
declare
  v_redemptions text[] := array(
    select distinct c.redemption_id from redemption_code c
    where c.project_id = p_project and c.order_id = p_order and c.live);
  t record;
begin
  for t in
    select x.rank, x.id from (
      select 1 as rank, c.main_campaign_id as id from redemption_code c
      where c.project_id = p_project and c.redemption_id = any(v_redemptions)
      union
      select 2, c.campaign_id from redemption_code c
      where c.project_id = p_project and c.redemption_id = any(v_redemptions)) x
    order by x.rank, x.id
  loop
    perform from campaign_usage u where u.project_id = p_project and u.campaign_id = t.id for update;
  end loop;

  for t in
    select v.id from voucher v
    where v.project_id = p_project and v.id in (
      select c.voucher_id from redemption_code c
      where c.project_id = p_project and c.redemption_id = any(v_redemptions)
      union
      select w.voucher_id from issued_reward w
      where w.project_id = p_project and w.redemption_id = any(v_redemptions) and w.status = 'issued')
    order by v.code collate "C"
  loop
    perform from voucher v where v.project_id = p_project and v.id = t.id for update;
  end loop;

  for t in
    select distinct e.customer_id from points_entry e
    where e.project_id = p_project and e.reference_id = any(v_redemptions) order by 1
  loop
    perform from points_account a where a.project_id = p_project and a.customer_id = t.customer_id for update;
  end loop;
end
$$;

-- Redeems, reserves and refuses, each element by itself in one transaction: what one meets undoes that one only.
-- An element: { op: 'redeem' | 'reserve' | 'refuse', project_id, idempotency_key, request_hash (hex), status, response,
-- … } as api/redemptions/arguments.ts builds it. No key may come twice.
-- → a row an element: 'done' | 'replayed' | 'key_reused' with the answer, 'retry', or 'failed' with the SQLSTATE.
create function commit_all(p_batch jsonb[])
returns table ("position" int, outcome text, status smallint, body text)
language plpgsql volatile
set search_path = public, pg_temp
as $$
declare
  v_one boolean := cardinality(p_batch) = 1;
  v_claimed int[];
  v_live jsonb[];
  v_body text;
  v_known record;
  p jsonb;
begin
  with given as materialized (
    select n::int as n, e ->> 'project_id' as project_id, e ->> 'idempotency_key' as key,
           decode(e ->> 'request_hash', 'hex') as hash, (e ->> 'status')::smallint as status, e ->> 'response' as response
    from unnest(p_batch) with ordinality as b(e, n)
  ), claimed as (
    insert into idempotency_key (project_id, key, request_hash, response_status, response_body)
    select g.project_id, g.key, g.hash, g.status, g.response from given g order by g.project_id, g.key
    on conflict (project_id, key) do nothing
    returning project_id, key
  )
  select array_agg(g.n order by g.n) into v_claimed from given g join claimed c using (project_id, key);

  if not v_one and v_claimed is not null then
    select array_agg(p_batch[n]) into v_live from unnest(v_claimed) n where p_batch[n] ->> 'op' <> 'refuse';
    if v_live is not null then perform lock_rows(v_live); end if;
  end if;

  for n in 1 .. cardinality(p_batch) loop
    p := p_batch[n];
    position := n - 1;
    if not coalesce(n = any(v_claimed), false) then
      select k.request_hash, k.response_status, k.response_body into v_known
      from idempotency_key k where k.project_id = p ->> 'project_id' and k.key = p ->> 'idempotency_key';
      if not found then
        -- Swept, or undone by a twin, between the two statements.
        outcome := 'retry'; status := 0; body := null;
      else
        outcome := case when v_known.request_hash = decode(p ->> 'request_hash', 'hex') then 'replayed' else 'key_reused' end;
        status := v_known.response_status;
        body := v_known.response_body;
      end if;
      return next;
      continue;
    end if;
    begin
      if p ->> 'op' = 'refuse' then
        perform record_rejection(p);
        v_body := null;
      else
        v_body := take(p);
        if v_body is not null then
          update idempotency_key k set response_body = v_body
          where k.project_id = p ->> 'project_id' and k.key = p ->> 'idempotency_key';
        end if;
      end if;
      outcome := 'done';
      status := (p ->> 'status')::smallint;
      body := coalesce(v_body, p ->> 'response');
    exception
      when sqlstate 'TS001' then
        outcome := 'retry'; status := 0; body := null;
      when query_canceled or deadlock_detected or lock_not_available or serialization_failure then
        -- About the transaction, not about this one.
        raise;
      when others then
        outcome := 'failed'; status := 0; body := sqlstate || ' ' || sqlerrm;
    end;
    if outcome <> 'done' then
      -- The key is free again, as if it had never been claimed; a twin that waits for it may go on.
      delete from idempotency_key k where k.project_id = p ->> 'project_id' and k.key = p ->> 'idempotency_key';
    end if;
    return next;
  end loop;
end
$$;

-- Ends a reservation. p: { project_id, reservation_id, as: 'cancelled' | 'expired', lines, points, events,
-- occurred_at, decided_at, ledger: { movement_id } }. Lines are the opposite of what it holds.
-- → 'done', or 'gone' when it is not held any more (or, to expire it, not due yet).
create function release(p jsonb) returns text
language plpgsql volatile
set search_path = public, pg_temp
as $$
declare
  v_project text := p ->> 'project_id';
  v record;
begin
  select r.order_id into v from reservation r where r.project_id = v_project and r.id = p ->> 'reservation_id';
  if not found then return 'gone'; end if;
  perform lock_order(v_project, v.order_id);
  update reservation r set status = p ->> 'as', ended_at = (p ->> 'decided_at')::timestamptz
  where r.project_id = v_project and r.id = p ->> 'reservation_id' and r.status = 'held'
    and (p ->> 'as' = 'cancelled' or r.expires_at <= clock_timestamp())
    and (p ->> 'as' = 'expired' or r.expires_at > clock_timestamp())
  returning r.redemption_id, r.order_id, r.customer_id, r.discount_amount into v;
  if not found then return 'gone'; end if;

  perform move(v_project, p -> 'lines');
  perform move_all_points(v_project, p -> 'points', v.redemption_id, (p ->> 'decided_at')::timestamptz);
  update pool_code k set status = 'free', customer_id = null, redemption_id = null, taken_at = null
  where k.project_id = v_project and k.redemption_id = v.redemption_id;
  delete from redemption_code c where c.project_id = v_project and c.redemption_id = v.redemption_id;
  insert into ledger (project_id, kind, movement_id, reference_id, order_id, discount_amount, lines, occurred_at, created_at)
  values (v_project, 'release', p ->> 'reservation_id', v.redemption_id, v.order_id, -v.discount_amount, p -> 'lines',
          (p ->> 'decided_at')::timestamptz, (p ->> 'decided_at')::timestamptz);
  perform append_events(v_project, p -> 'events');
  return 'done';
end
$$;

-- Makes the redemption that a reservation holds. p: { project_id, reservation_id, idempotency_key, request_hash, status,
-- response, lines (what the hold becomes: holds − 1, credit on cards), points, issues, events, occurred_at, decided_at }
-- → outcome 'done' | 'replayed' | 'key_reused' | 'retry' | 'expired' | 'gone' | 'order_over', and the answer.
create function confirm(p jsonb) returns table (outcome text, status smallint, body text)
language plpgsql volatile
set search_path = public, pg_temp
as $$
declare
  v_project text := p ->> 'project_id';
  v_decided timestamptz := (p ->> 'decided_at')::timestamptz;
  v reservation;
  v_response text;
begin
  return query select * from claim_key(
    v_project, p ->> 'idempotency_key', decode(p ->> 'request_hash', 'hex'), (p ->> 'status')::smallint, p ->> 'response');
  if found then return; end if;

  perform lock_order(v_project, p ->> 'order_id');
  select * into v from reservation r where r.project_id = v_project and r.id = p ->> 'reservation_id' for update;
  if v.status <> 'held' then raise exception using errcode = 'TS002', message = 'gone'; end if;
  if v.expires_at <= clock_timestamp() then raise exception using errcode = 'TS002', message = 'expired'; end if;
  if exists (
    select from orders o
    where o.project_id = v_project and o.id = v.order_id and o.status in ('cancelled', 'refunded')) then
    raise exception using errcode = 'TS002', message = 'order_over';
  end if;

  perform move(v_project, p -> 'lines');
  perform move_all_points(v_project, p -> 'points', v.redemption_id, v_decided);
  v_response := p ->> 'response';
  perform insert_redemption(
    v_project, v.order_id, v.customer_id, v.content -> 'redemption', v_response, (p ->> 'occurred_at')::timestamptz, v_decided);
  perform issue_rewards(v_project, v.redemption_id, p -> 'issues', (p ->> 'occurred_at')::timestamptz, v_decided);
  update reservation r set status = 'confirmed', ended_at = v_decided
  where r.project_id = v_project and r.id = v.id;
  insert into ledger (project_id, kind, movement_id, reference_id, order_id, discount_amount, lines, occurred_at, created_at)
  values (v_project, 'redeem', v.redemption_id, v.redemption_id, v.order_id, 0, p -> 'lines',
          (p ->> 'occurred_at')::timestamptz, v_decided);
  perform append_events(v_project, p -> 'events');
  return query select 'done', (p ->> 'status')::smallint, v_response;
exception
  when sqlstate 'TS001' then
    return query select 'retry', 0::smallint, null::text;
  when sqlstate 'TS002' then
    return query select sqlerrm, 0::smallint, null::text;
end
$$;

-- Gives back all or a part of a redemption. p: { project_id, redemption_id, order_id, idempotency_key?, request_hash?,
-- status, response, rollbacks_seen, whole, discount_amount, lines, points, credits: [{ id, amount }], codes: [{ position, items_returned,
-- shipping_returned }], units_returned, rewards: [{ id, status }], rollback: { id, reason, items, codes }, events,
-- occurred_at, decided_at }. `codes` and `units_returned` are the totals after this rollback.
-- → outcome 'done' | 'replayed' | 'key_reused' | 'retry', and the answer.
create function roll_back(p jsonb) returns table (outcome text, status smallint, body text)
language plpgsql volatile
set search_path = public, pg_temp
as $$
declare
  v_project text := p ->> 'project_id';
  v_redemption text := p ->> 'redemption_id';
  v_whole boolean := (p ->> 'whole')::boolean;
  v_occurred timestamptz := (p ->> 'occurred_at')::timestamptz;
  v_decided timestamptz := (p ->> 'decided_at')::timestamptz;
begin
  if p ->> 'idempotency_key' is not null then
    return query select * from claim_key(
      v_project, p ->> 'idempotency_key', decode(p ->> 'request_hash', 'hex'), (p ->> 'status')::smallint, p ->> 'response');
    if found then return; end if;
  end if;

  perform lock_order(v_project, p ->> 'order_id');
  -- Planned on what had been given back until then; whoever comes in between makes the plan void.
  update redemption r
  set rollbacks_count = r.rollbacks_count + 1, rolled_back_amount = r.rolled_back_amount + (p ->> 'discount_amount')::bigint,
      units_returned = array(select jsonb_array_elements_text(p -> 'units_returned')::int),
      status = case when v_whole then 'rolled_back' else r.status end
  where r.project_id = v_project and r.id = v_redemption and r.status = 'redeemed'
    and r.rollbacks_count = (p ->> 'rollbacks_seen')::int;
  if not found then raise exception using errcode = 'TS001'; end if;

  perform move(v_project, p -> 'lines');
  perform move_all_points(v_project, p -> 'points', v_redemption, v_decided);
  perform announce_gift_credit(v_project, x.id, x.amount, null, v_occurred)
  from jsonb_to_recordset(p -> 'credits') as x(id text, amount bigint);
  update issued_reward w set status = x.status, amount = x.amount
  from jsonb_to_recordset(p -> 'rewards') as x(id text, status text, amount bigint)
  where w.project_id = v_project and w.id = x.id;
  update redemption_code c
  set items_returned = x.items_returned, shipping_returned = x.shipping_returned, live = not v_whole
  from jsonb_to_recordset(p -> 'codes') as x(position smallint, items_returned bigint[], shipping_returned bigint)
  where c.project_id = v_project and c.redemption_id = v_redemption and c.position = x.position;
  insert into redemption_rollback (project_id, id, redemption_id, discount_amount, reason, whole, items, codes, response,
                                   occurred_at, created_at)
  values (v_project, p -> 'rollback' ->> 'id', v_redemption, (p ->> 'discount_amount')::bigint, p -> 'rollback' ->> 'reason',
          v_whole, nullif(p -> 'rollback' -> 'items', 'null'), p -> 'rollback' -> 'codes', (p ->> 'response')::jsonb,
          v_occurred, v_decided);
  insert into ledger (project_id, kind, movement_id, reference_id, order_id, discount_amount, lines, occurred_at, created_at)
  values (v_project, 'rollback', p -> 'rollback' ->> 'id', v_redemption, p ->> 'order_id', -(p ->> 'discount_amount')::bigint,
          p -> 'lines', v_occurred, v_decided);
  perform append_events(v_project, p -> 'events');
  return query select 'done', (p ->> 'status')::smallint, p ->> 'response';
exception
  when sqlstate 'TS001' then
    return query select 'retry', 0::smallint, null::text;
end
$$;
