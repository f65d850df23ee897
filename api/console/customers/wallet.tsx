/** What a customer holds. */
import type { ThreeSixtyWire } from "../../customers/three-sixty/schema.ts";
import { count, Moment, money, Text } from "../format.tsx";
import { Empty, StatusBadge } from "../parts/states.tsx";
import { Table } from "../parts/table.tsx";
import { voucherAddress } from "../vouchers/addresses.ts";

export function Wallet({ wallet }: { wallet: ThreeSixtyWire["wallet"] }) {
  return (
    <section class="card">
      <h2>Wallet</h2>
      <dl class="facts" data-test="wallet">
        <dt>Points</dt>
        <dd>
          <span class="number">{count(wallet.points.balance)}</span>
          {wallet.points.next_expiry && (
            <span class="muted">
              {`, of which ${count(wallet.points.next_expiry.points)} end `}
              <Moment at={wallet.points.next_expiry.expires_at} />
            </span>
          )}
        </dd>
        {wallet.gift_cards.map((cards) => (
          <>
            <dt>Gift cards</dt>
            <dd>{`${money(cards.balance_amount, cards.currency)} on ${count(cards.cards_count)}`}</dd>
          </>
        ))}
      </dl>
      <Table
        caption="Vouchers of the customer"
        rows={wallet.data}
        empty={<Empty title="No vouchers." />}
        columns={[
          {
            name: "Code",
            main: true,
            cell: (entry) => (
              <a class="code" href={voucherAddress(entry.code)}>
                {entry.code}
              </a>
            ),
          },
          { name: "Kind", cell: (entry) => entry.kind.replace("_", " ") },
          { name: "Status", cell: (entry) => <StatusBadge status={entry.status} /> },
          {
            name: "Left",
            right: true,
            cell: (entry) => (entry.redemptions_left === null ? "no limit" : count(entry.redemptions_left)),
          },
          { name: "Ends", cell: (entry) => (entry.expires_at === null ? "–" : <Moment at={entry.expires_at} />) },
        ]}
      />
      {wallet.next_cursor !== null && <p class="muted">There are more; the API's wallet lists them all.</p>}
      {wallet.pool_codes.length > 0 && (
        <ul class="plain-list gap">
          {wallet.pool_codes.map((code) => (
            <li>
              <span class="code">
                <Text value={code.code} max={100} />
              </span>{" "}
              <span class="muted">
                <Text value={code.pool_name} max={60} />, <Moment at={code.taken_at} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
