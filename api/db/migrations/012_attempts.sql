-- Codes that did not exist, counted by who tried them: the brake on guessing. api/attempts says what a subject is.

-- One row a subject: its window, which begins with its first failure. Short-lived: ended windows are swept.
create table attempt_window (
  project_id text collate "C" not null,
  subject text collate "C" not null,
  failures bigint not null,
  -- So many are answered; from then on the subject is refused until the window ends.
  failures_max bigint not null,
  ends_at timestamptz not null,
  primary key (project_id, subject)
) with (fillfactor = 50);
create index attempt_window_ended on attempt_window (ends_at);

-- Counts p_count failures for every subject in one statement, whoever else counts meanwhile; subjects are taken in one
-- order, so that callers wait for each other and never in a circle. The one call that brings a subject to its maximum
-- announces it: once a window. → for each subject what it had before this call, and how long its window lasts.
create function count_unknown_codes(
  p_project text, p_subjects text[], p_kinds text[], p_maxima bigint[], p_event_ids text[], p_window_seconds int,
  p_count int, p_customer text
) returns table (subject text, failures_before bigint, failures_max bigint, seconds_left int)
language sql volatile
set search_path = public, pg_temp
as $$
  with given as (
    select * from unnest(p_subjects, p_kinds, p_maxima, p_event_ids) as g(subject, kind, failures_max, event_id)
  ), counted as (
    insert into attempt_window as w (project_id, subject, failures, failures_max, ends_at)
    select p_project, g.subject, p_count, g.failures_max, now() + make_interval(secs => p_window_seconds)
    from given g
    order by g.subject
    on conflict (project_id, subject) do update
    set failures = excluded.failures + case when w.ends_at <= now() then 0 else w.failures end,
        failures_max = excluded.failures_max,
        ends_at = case when w.ends_at <= now() then excluded.ends_at else w.ends_at end
    returning w.subject, w.failures, w.failures_max, w.ends_at
  ), announced as (
    insert into outbox (event_id, project_id, type, version, occurred_at, payload)
    select g.event_id, p_project, 'code_guessing.detected', 1, now(), jsonb_build_object(
      'subject_kind', g.kind, 'customer', p_customer, 'failures', c.failures, 'window_seconds', p_window_seconds)
    from counted c
    join given g using (subject)
    where c.failures >= c.failures_max and c.failures - p_count < c.failures_max
  )
  select c.subject, c.failures - p_count, c.failures_max, ceil(extract(epoch from c.ends_at - now()))::int from counted c;
$$;
