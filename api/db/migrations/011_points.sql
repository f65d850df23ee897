-- Points: one function moves them, another says how many there are.
--
-- An account's balance is the sum of its lots and the sum of its entries, always. Lots whose time has come count for
-- nothing from that instant on, whether or not anybody has expired them yet: whoever moves points expires them first,
-- and whoever reads the balance leaves them out.

alter table points_entry
  -- The order of an account's entries: their ids are random, and one instant may have several.
  add column position bigint generated always as identity,
  -- Which lots a movement that can be undone touched, and those that undo one, by expiry: [{ points, expires_at }].
  add column lots jsonb;
drop index points_entry_by_customer;
create index points_entry_by_customer on points_entry (project_id, customer_id, position);
create index points_entry_by_reference on points_entry (project_id, reference_id, customer_id) where reference_id is not null;

create function append_points_entry(
  p_project text, p_customer text, p_kind text, p_points bigint, p_balance bigint, p_reason text, p_reference text,
  p_lots jsonb, p_at timestamptz
) returns void
language plpgsql volatile
set search_path = public, pg_temp
as $$
declare
  v_id text := 'pts_' || replace(gen_random_uuid()::text, '-', '');
begin
  insert into points_entry (project_id, id, customer_id, kind, points, balance_after, reason, reference_id, lots, created_at)
  values (p_project, v_id, p_customer, p_kind, p_points, p_balance, p_reason, p_reference, p_lots, p_at);
  insert into outbox (event_id, project_id, type, version, occurred_at, payload)
  select 'evt_' || replace(gen_random_uuid()::text, '-', ''), p_project, 'points.changed', 1, p_at,
         jsonb_build_object(
           'customer', c.identifier, 'entry_id', v_id, 'kind', p_kind, 'points', p_points, 'balance', p_balance,
           'reason', p_reason, 'reference_id', p_reference)
  from customer c where c.project_id = p_project and c.id = p_customer;
end
$$;

-- Lots of one expiry are one row, so that an account that never expires anything has a single lot.
create function add_points_lot(p_project text, p_customer text, p_points bigint, p_expires_at timestamptz, p_at timestamptz)
returns void
language plpgsql volatile
set search_path = public, pg_temp
as $$
begin
  update points_lot l set points_left = l.points_left + p_points
  where l.project_id = p_project and l.customer_id = p_customer and l.points_left > 0
    and l.expires_at is not distinct from p_expires_at;
  if not found then
    insert into points_lot (project_id, customer_id, points_left, expires_at, created_at)
    values (p_project, p_customer, p_points, p_expires_at, p_at);
  end if;
end
$$;

-- Takes points from the lots, the soonest to expire first and those that never do last. Runs under the account's lock,
-- and only when there are enough. → what was taken, by expiry
create function take_points_lots(p_project text, p_customer text, p_points bigint) returns jsonb
language sql volatile
set search_path = public, pg_temp
as $$
  with lots as (
    select l.id, l.points_left, l.expires_at,
           sum(l.points_left) over (order by l.expires_at nulls last, l.id) - l.points_left as before
    from points_lot l
    where l.project_id = p_project and l.customer_id = p_customer and l.points_left > 0
  ), used as (
    select u.id, u.points_left, u.expires_at, least(u.points_left, p_points - u.before) as points
    from lots u where u.before < p_points
  ), emptied as (
    delete from points_lot l using used u
    where l.project_id = p_project and l.id = u.id and u.points = u.points_left
  ), reduced as (
    update points_lot l set points_left = l.points_left - u.points
    from used u
    where l.project_id = p_project and l.id = u.id and u.points < u.points_left
  )
  select jsonb_agg(jsonb_build_object('points', u.points, 'expires_at', u.expires_at) order by u.expires_at nulls last)
  from used u;
$$;

-- What stands of a reference's movements, by expiry: what was moved as one of p_done, less what p_undone undid.
create function points_of_reference(p_project text, p_customer text, p_reference text, p_done text[], p_undone text)
returns table (expires_at timestamptz, points bigint)
language sql stable
set search_path = public, pg_temp
as $$
  select x.expires_at, sum(case e.kind when p_undone then -x.points else x.points end)::bigint
  from points_entry e, jsonb_to_recordset(e.lots) as x(points bigint, expires_at timestamptz)
  where e.project_id = p_project and e.reference_id = p_reference and e.customer_id = p_customer
    and e.kind = any(p_done || p_undone) and e.lots is not null
  group by x.expires_at
  having sum(case e.kind when p_undone then -x.points else x.points end) > 0;
$$;

-- Puts returned points back as they were taken: with the expiry they had, the longest-lived first, each at most as often
-- as the same reference spent it. Points that were not spent under this reference get p_expires_at. Spending and
-- returning thus never prolongs anything. → what was put back, by expiry
create function return_points_lots(
  p_project text, p_customer text, p_points bigint, p_reference text, p_expires_at timestamptz, p_at timestamptz
) returns jsonb
language plpgsql volatile
set search_path = public, pg_temp
as $$
declare
  v_left bigint := p_points;
  v_lots jsonb := '[]';
  t record;
begin
  for t in
    select * from points_of_reference(p_project, p_customer, p_reference, array['spent', 'exchanged'], 'returned') r
    order by r.expires_at desc nulls first
  loop
    exit when v_left = 0;
    t.points := least(t.points, v_left);
    perform add_points_lot(p_project, p_customer, t.points, t.expires_at, p_at);
    v_lots := v_lots || jsonb_build_object('points', t.points, 'expires_at', t.expires_at);
    v_left := v_left - t.points;
  end loop;
  if v_left > 0 then perform add_points_lot(p_project, p_customer, v_left, p_expires_at, p_at); end if;
  return v_lots;
end
$$;

-- Takes revoked points from the lots that the same reference earned, as far as they are there, and the rest from any:
-- earning and revoking thus never leaves points that live longer than those there were. → what was earned and is taken
create function revoke_points_lots(p_project text, p_customer text, p_points bigint, p_reference text) returns jsonb
language plpgsql volatile
set search_path = public, pg_temp
as $$
declare
  v_left bigint := p_points;
  v_lots jsonb := '[]';
  t record;
begin
  for t in
    select l.id, l.points_left, l.expires_at, least(r.points, l.points_left) as points
    from points_of_reference(p_project, p_customer, p_reference, array['earned'], 'revoked') r
    join points_lot l on l.project_id = p_project and l.customer_id = p_customer and l.points_left > 0
      and l.expires_at is not distinct from r.expires_at
    order by l.expires_at nulls last
  loop
    exit when v_left = 0;
    t.points := least(t.points, v_left);
    if t.points = t.points_left then
      delete from points_lot l where l.project_id = p_project and l.id = t.id;
    else
      update points_lot l set points_left = l.points_left - t.points where l.project_id = p_project and l.id = t.id;
    end if;
    v_lots := v_lots || jsonb_build_object('points', t.points, 'expires_at', t.expires_at);
    v_left := v_left - t.points;
  end loop;
  if v_left > 0 then perform take_points_lots(p_project, p_customer, v_left); end if;
  return v_lots;
end
$$;

-- Moves points of one account, after expiring what is due at p_at: adds a lot, or takes from the lots. With p_points 0
-- it only expires. → the balance after. Raises TS001 when there are not enough, with the balance as its detail; nothing
-- has changed then.
create function move_points(
  p_project text, p_customer text, p_points bigint, p_kind text, p_reason text, p_reference text,
  p_expires_at timestamptz, p_at timestamptz
) returns bigint
language plpgsql volatile
set search_path = public, pg_temp
as $$
declare
  v_balance bigint;
  v_due bigint;
  v_lots jsonb;
begin
  -- Everything below runs under this lock: nobody else moves a lot or an entry of the account.
  select a.balance into v_balance from points_account a
  where a.project_id = p_project and a.customer_id = p_customer for update;
  if not found then
    insert into points_account (project_id, customer_id) values (p_project, p_customer)
    on conflict (project_id, customer_id) do nothing;
    select a.balance into v_balance from points_account a
    where a.project_id = p_project and a.customer_id = p_customer for update;
  end if;

  with gone as (
    delete from points_lot l
    where l.project_id = p_project and l.customer_id = p_customer and l.points_left > 0 and l.expires_at <= p_at
    returning l.points_left
  )
  select coalesce(sum(g.points_left), 0)::bigint into v_due from gone g;
  if v_due > 0 then
    v_balance := v_balance - v_due;
    perform append_points_entry(p_project, p_customer, 'expired', -v_due, v_balance, null, null, null, p_at);
  end if;

  if p_points <> 0 then
    if v_balance + p_points < 0 then
      raise exception using errcode = 'TS001', message = 'not enough points', detail = v_balance::text;
    end if;
    if p_points > 0 and p_kind = 'returned' and p_reference is not null then
      v_lots := return_points_lots(p_project, p_customer, p_points, p_reference, p_expires_at, p_at);
    elsif p_points > 0 then
      perform add_points_lot(p_project, p_customer, p_points, p_expires_at, p_at);
      v_lots := jsonb_build_array(jsonb_build_object('points', p_points, 'expires_at', p_expires_at));
    elsif p_kind = 'revoked' and p_reference is not null then
      v_lots := revoke_points_lots(p_project, p_customer, -p_points, p_reference);
    else
      v_lots := take_points_lots(p_project, p_customer, -p_points);
    end if;
    v_balance := v_balance + p_points;
    perform append_points_entry(
      p_project, p_customer, p_kind, p_points, v_balance, p_reason, p_reference,
      case when p_reference is not null then v_lots end, p_at);
  end if;

  update points_account a set balance = v_balance
  where a.project_id = p_project and a.customer_id = p_customer and a.balance <> v_balance;
  return v_balance;
end
$$;

-- What a customer can spend at that instant: the balance without the lots that are due. 0 without an account.
create function points_available(p_project text, p_customer text, p_at timestamptz) returns bigint
language sql stable
set search_path = public, pg_temp
as $$
  select coalesce((select a.balance from points_account a where a.project_id = p_project and a.customer_id = p_customer), 0)
    - coalesce((
        select sum(l.points_left) from points_lot l
        where l.project_id = p_project and l.customer_id = p_customer and l.points_left > 0 and l.expires_at <= p_at), 0)::bigint;
$$;

-- Expires what is due of at most p_lots lots, the longest due first, without waiting: an account that is being moved
-- expires its lots itself. → how many accounts it went through
create function expire_points(p_lots int, p_at timestamptz) returns int
language plpgsql volatile
set search_path = public, pg_temp
as $$
declare
  v_done int := 0;
  t record;
begin
  for t in
    select a.project_id, a.customer_id from points_account a
    where (a.project_id, a.customer_id) in (
      select d.project_id, d.customer_id from (
        select l.project_id, l.customer_id from points_lot l
        where l.expires_at <= p_at and l.points_left > 0 and l.expires_at is not null
        order by l.expires_at limit p_lots) d)
    for update skip locked
  loop
    perform move_points(t.project_id, t.customer_id, 0, 'expired', null, null, null, p_at);
    v_done := v_done + 1;
  end loop;
  return v_done;
end
$$;

-- Vouchers that points were paid for and that may still be used: an exchange must not sell more than a limit allows.
create index voucher_points_paid on voucher (project_id, campaign_id, customer_id) where points_paid;

-- The referral codes of one customer.
create index voucher_of_referrer on voucher (project_id, referrer_id, id) where referrer_id is not null;
