-- Whoever takes an address off or puts one on the list is told of, and not which.
create trigger audited after insert or delete on suppression
  for each row when (current_setting('tessera.actor', true) <> '')
  execute function audit_change('suppression', 'id,kind,reason', 'address_hash,address');

-- The key of unsubscribe links, which hold for ever.
insert into server_secret (name, value)
values ('unsubscribe_link', sha256((gen_random_uuid()::text || gen_random_uuid()::text || gen_random_uuid()::text)::bytea))
on conflict (name) do nothing;
