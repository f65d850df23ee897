-- As before, and the events also say until when the voucher is good.
create or replace function insert_issued_voucher(p_project text, p_id text, p_code text, p_campaign text, p_customer text,
                                                 p_kind text, p_at timestamptz) returns void
language plpgsql volatile
set search_path = public, pg_temp
as $$
declare
  v_card boolean := p_kind = 'gift_card';
  v_publication text := 'pub_' || gen_random_uuid();
  v_expires timestamptz;
  v_facts jsonb;
begin
  insert into voucher (project_id, id, code, campaign_id, kind, status, redemptions_max, balance_amount, balance_initial,
                       customer_id, expires_at, created_at, updated_at)
  select p_project, p_id, p_code, p_campaign, p_kind, 'distributed', case when v_card then null else 1 end,
         case when v_card then 0 end, case when v_card then 0 end, p_customer,
         p_at + make_interval(hours => 24 * c.voucher_lifetime_days), p_at, p_at
  from campaign c where c.project_id = p_project and c.id = p_campaign
  on conflict (project_id, code) do nothing
  returning expires_at into v_expires;
  if not found then raise exception using errcode = 'TS001'; end if;

  insert into publication (project_id, id, voucher_id, campaign_id, customer_id, channel, published_at)
  values (p_project, v_publication, p_id, p_campaign, p_customer, 'reward', p_at);

  select jsonb_strip_nulls(jsonb_build_object('balance_amount', case when v_card then 0 end))
         || jsonb_build_object('voucher_id', p_id, 'campaign_id', p_campaign, 'code', p_code, 'kind', p_kind,
                               'customer', k.identifier,
                               'expires_at', to_char(v_expires at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
  into v_facts from customer k where k.project_id = p_project and k.id = p_customer;
  insert into outbox (event_id, project_id, type, occurred_at, payload)
  values ('evt_' || gen_random_uuid(), p_project, 'voucher.created', p_at, v_facts),
         ('evt_' || gen_random_uuid(), p_project, 'voucher.published', p_at,
          v_facts || jsonb_build_object('publication_id', v_publication, 'channel', 'reward'));
end
$$;
