/** One voucher: what it is, who has it, what became of it, and what a manager may do with it. */
import type { HistoryWire } from "../../vouchers/history.ts";
import type { VoucherWire } from "../../vouchers/schemas.ts";
import { customerAddress } from "../customers/addresses.ts";
import { count, Moment, money, Text } from "../format.tsx";
import { Frame } from "../layout.tsx";
import { AttemptField } from "../parts/attempt.tsx";
import { Done } from "../parts/done.tsx";
import { TextField } from "../parts/fields.tsx";
import { Faults, Form } from "../parts/form.tsx";
import { Head } from "../parts/head.tsx";
import { freshSheet, type Sheet } from "../parts/sheet.ts";
import { Empty, StatusBadge } from "../parts/states.tsx";
import { Table } from "../parts/table.tsx";
import { maySee, type Viewer } from "../viewer.ts";
import { voucherAddress, vouchersAddress } from "./addresses.ts";

interface VoucherProps {
  readonly viewer: Viewer;
  readonly voucher: VoucherWire;
  readonly history: HistoryWire;
  readonly campaign: { readonly name: string; readonly currency: string };
  readonly done?: string | undefined;
  readonly sheet?: Sheet;
}

const doneTexts = {
  made: "The voucher was made.",
  disabled: "Nobody can use it any more.",
  enabled: "It can be used again.",
  assigned: "It is kept for this customer from now on.",
  published: "It was handed out.",
  topped_up: "The balance was raised.",
};

export function VoucherPage(props: VoucherProps) {
  const { viewer, voucher, history, campaign, sheet = freshSheet } = props;
  const { currency } = campaign;
  return (
    <Frame title={voucher.code} viewer={viewer} place="vouchers">
      <Head
        up={{ to: vouchersAddress, name: "Vouchers" }}
        title={<span class="code">{voucher.code}</span>}
        beside={<StatusBadge status={voucher.status} />}
        text={<Text value={campaign.name} />}
      >
        {maySee(viewer, ["checkout"]) && (
          <a class="button" href={`/console/redeem?code=${encodeURIComponent(voucher.code)}&currency=${currency}`}>
            Redeem
          </a>
        )}
        <Form
          viewer={viewer}
          action={`${voucherAddress(voucher.code)}/${voucher.status === "disabled" ? "enable" : "disable"}`}
        >
          <button class={`button ${voucher.status === "disabled" ? "" : "danger"}`} type="submit">
            {voucher.status === "disabled" ? "Enable" : "Disable"}
          </button>
        </Form>
      </Head>
      <Done done={props.done} texts={doneTexts} />
      <Faults sheet={sheet} />
      <div class="columns">
        <div class="stack">
          <History history={history} />
        </div>
        <div class="stack">
          <Facts voucher={voucher} history={history} currency={currency} />
          <Give viewer={viewer} voucher={voucher} sheet={sheet} currency={currency} />
        </div>
      </div>
    </Frame>
  );
}

function Facts({ voucher, history, currency }: { voucher: VoucherWire; history: HistoryWire; currency: string }) {
  const kinds = { unique: "unique", generic: "for many", gift_card: "gift card" };
  return (
    <section class="card">
      <dl class="facts">
        <dt>Kind</dt>
        <dd>{kinds[voucher.kind]}</dd>
        <dt>Uses</dt>
        <dd>
          {count(voucher.redemptions_count)}
          {voucher.redemptions_max === null ? ", no limit" : ` of ${count(voucher.redemptions_max)}`}
        </dd>
        <dt>Discount given</dt>
        <dd>{money(voucher.discount_amount, currency)}</dd>
        {voucher.balance_amount !== null && (
          <>
            <dt>Balance</dt>
            <dd>{money(voucher.balance_amount, currency)}</dd>
          </>
        )}
        <dt>Customer</dt>
        <dd>
          {voucher.customer === null ? (
            "anybody"
          ) : (
            <a href={customerAddress(voucher.customer.identifier)}>
              <Text value={voucher.customer.identifier} />
            </a>
          )}
        </dd>
        {voucher.starts_at !== null && (
          <>
            <dt>From</dt>
            <dd>
              <Moment at={voucher.starts_at} />
            </dd>
          </>
        )}
        <dt>Until</dt>
        <dd>{voucher.expires_at === null ? "the campaign ends" : <Moment at={voucher.expires_at} />}</dd>
        <dt>Made</dt>
        <dd>
          <Moment at={voucher.created_at} />
        </dd>
        {history.reservations.map((hold) => (
          <>
            <dt>Reserved</dt>
            <dd>
              for order <Text value={hold.order_id} max={60} /> until <Moment at={hold.expires_at} />
            </dd>
          </>
        ))}
      </dl>
    </section>
  );
}

function Give(props: { viewer: Viewer; voucher: VoucherWire; sheet: Sheet; currency: string }) {
  const { viewer, voucher, sheet } = props;
  const address = voucherAddress(voucher.code);
  return (
    <section class="card">
      <h2>Give it to a customer</h2>
      <Form viewer={viewer} action={`${address}/give`} class="form">
        <AttemptField />
        <TextField sheet={sheet} name="customer.identifier" label="Customer" maxlength={200} required />
        <div class="row">
          <button class="button primary" type="submit" name="how" value="publish">
            Hand out
          </button>
          <button class="button" type="submit" name="how" value="assign">
            Only keep it for them
          </button>
        </div>
        <p class="hint">Handing out counts as a publication; keeping it only stops others from using it.</p>
      </Form>
      {voucher.kind === "gift_card" && (
        <>
          <h2 class="gap">Raise the balance</h2>
          <Form viewer={viewer} action={`${address}/top-up`} class="form">
            <AttemptField />
            <TextField
              sheet={sheet}
              name="amount"
              label="By how much"
              unit={props.currency}
              inputmode="decimal"
              required
            />
            <TextField sheet={sheet} name="reason" label="Reason" maxlength={500} />
            <button class="button" type="submit">
              Raise
            </button>
          </Form>
        </>
      )}
    </section>
  );
}

function History({ history }: { history: HistoryWire }) {
  const reasons = new Map(history.rollbacks.map((rollback) => [rollback.redemption_id, rollback]));
  return (
    <>
      <section class="card">
        <h2>Uses</h2>
        <Table
          caption="Uses"
          rows={history.redemptions}
          empty={<Empty title="Not used yet." />}
          columns={[
            {
              name: "Order",
              main: true,
              cell: (use) => (
                <a href={`/console/redemptions/${encodeURIComponent(use.redemption_id)}`}>
                  <Text value={use.order_id} max={60} />
                </a>
              ),
            },
            {
              name: "Customer",
              cell: (use) => (use.customer === null ? "–" : <Text value={use.customer.identifier} max={40} />),
            },
            { name: "Discount", right: true, cell: (use) => money(use.discount_amount, use.currency) },
            {
              name: "Rolled back",
              cell: (use) => {
                const rollback = reasons.get(use.redemption_id);
                if (use.rolled_back_amount === 0) return "–";
                return (
                  <>
                    {money(use.rolled_back_amount, use.currency)} <Text value={rollback?.reason ?? ""} max={60} />
                  </>
                );
              },
            },
            { name: "Status", cell: (use) => <StatusBadge status={use.status} /> },
            { name: "When", cell: (use) => <Moment at={use.occurred_at} /> },
          ]}
        />
      </section>
      <section class="card">
        <h2>Publications</h2>
        <Table
          caption="Publications"
          rows={history.publications}
          empty={<Empty title="Not handed out." />}
          columns={[
            {
              name: "Customer",
              main: true,
              cell: (one) => (
                <a href={customerAddress(one.customer.identifier)}>
                  <Text value={one.customer.identifier} max={60} />
                </a>
              ),
            },
            { name: "Channel", cell: (one) => <Text value={one.channel} max={40} /> },
            { name: "Status", cell: (one) => <StatusBadge status={one.status} /> },
            { name: "When", cell: (one) => <Moment at={one.published_at} /> },
          ]}
        />
      </section>
    </>
  );
}
