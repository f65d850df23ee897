/** What both stores must agree on of reservations, points, gift cards, rewards and segments. */
import { type Check, postgresDay, warehouseDay } from "./reconcile-checks.ts";

export const engineChecks: readonly Check[] = [
  {
    name: "reservations",
    by: "status",
    sum: "discount",
    postgres: `
      select project_id, status as key, '' as day, count(*)::text as count, sum(discount_amount)::text as amount
      from reservation group by 1, 2`,
    warehouse: `
      SELECT project_id, key, '' AS day, toString(count()) AS count, toString(sum(discount)) AS amount
      FROM
      (
        SELECT project_id, subject_id,
          -- Of a reservation: made, and at most one way in which it ended.
          if(count() = 1, 'held', replaceOne(anyIf(toString(type), type != 'reservation.created'), 'reservation.', '')) AS key,
          sum(events_then.discount_amount) AS discount
        FROM events_then WHERE startsWith(type, 'reservation.') GROUP BY project_id, subject_id
      )
      GROUP BY project_id, key`,
  },
  {
    name: "points",
    by: "kind",
    sum: "points",
    postgres: `
      select project_id, kind as key, ${postgresDay("created_at")} as day, count(*)::text as count, sum(points)::text as amount
      from points_entry where {within:created_at} group by 1, 2, 3`,
    warehouse: `
      SELECT project_id, outcome AS key, ${warehouseDay} AS day, toString(count()) AS count, toString(sum(changed_by)) AS amount
      FROM events_then WHERE type = 'points.changed' GROUP BY project_id, key, day`,
  },
  {
    // What an account holds by itself, and by the events about it.
    name: "points",
    by: "project",
    sum: "balance",
    postgres: `
      select project_id, '' as key, '' as day, count(distinct coalesce(erased.id, a.customer_id))::text as count,
        sum(balance)::text as amount
      from points_account a
      -- Events of all who came while an erasure was under way are under one pseudonym.
      left join (select project_id, id, unnest(customer_ids) as customer_id from erasure) erased using (project_id, customer_id)
      where exists (select from points_entry e where e.project_id = a.project_id and e.customer_id = a.customer_id)
      group by 1`,
    warehouse: `
      SELECT project_id, '' AS key, '' AS day, toString(uniqExact(customer)) AS count, toString(sum(changed_by)) AS amount
      FROM events_then WHERE type = 'points.changed' GROUP BY project_id`,
  },
  {
    // What cards gained or lost after they were made. What reservations hold of them counts as theirs still.
    name: "gift cards",
    by: "campaign",
    sum: "credit",
    postgres: `
      select l.project_id, v.campaign_id as key, '' as day, '0' as count, sum(x.balance)::text as amount
      from ledger l
      cross join jsonb_to_recordset(l.lines) as x(kind text, id text, balance bigint)
      join voucher v on v.project_id = l.project_id and v.id = x.id
      left join reservation r on r.project_id = l.project_id and r.redemption_id = l.reference_id and r.status = 'held'
      where l.lines @? '$[*].balance' and x.kind = 'voucher' and x.balance <> 0 and r.id is null
      group by 1, 2 having sum(x.balance) <> 0`,
    warehouse: `
      SELECT project_id, key, '' AS day, '0' AS count, toString(sum(credit)) AS amount
      FROM
      (
        SELECT project_id, campaign_id AS key, changed_by AS credit FROM events_then WHERE type = 'gift_card.credited'
        UNION ALL
        SELECT project_id, code.1, if(type = 'redemption.succeeded', -1, 1) * code.2
        FROM events_then
        ARRAY JOIN arrayZip(codes.campaign_id, codes.discount_amount, codes.voucher_id) AS code
        WHERE type IN ('redemption.succeeded', 'redemption.rolled_back') AND (project_id, redemption_id, code.3) IN
        (
          SELECT project_id, redemption_id, codes.voucher_id[place]
          FROM events_then ARRAY JOIN rewards.code_position AS place, rewards.type AS given
          WHERE type = 'redemption.succeeded' AND given = 'gift_card'
        )
      )
      GROUP BY project_id, key HAVING sum(credit) != 0`,
  },
  {
    name: "rewards",
    by: "type",
    postgres: `
      select project_id, type || key as key, '' as day, count(*)::text as count, '0' as amount
      from issued_reward
      cross join lateral unnest(case when status = 'revoked' then array[' issued', ' revoked'] else array[' issued'] end) as key
      group by 1, 2`,
    warehouse: `
      SELECT project_id, concat(outcome, replaceOne(type, 'reward.', ' ')) AS key, '' AS day, toString(count()) AS count,
        '0' AS amount
      FROM events_then WHERE type IN ('reward.issued', 'reward.revoked') GROUP BY project_id, key`,
  },
  {
    name: "members",
    by: "segment",
    postgres: `
      select project_id, segment_id as key, '' as day, count(*)::text as count, '0' as amount
      from segment_member group by 1, 2`,
    warehouse: `
      SELECT project_id, subject_id AS key, '' AS day, toString(sum(if(type = 'segment.entered', 1, -1))) AS count, '0' AS amount
      FROM events_then WHERE type IN ('segment.entered', 'segment.left') GROUP BY project_id, key HAVING count != '0'`,
  },
];
