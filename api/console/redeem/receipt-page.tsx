/** What was redeemed, and the way back. */
import type { z } from "@hono/zod-openapi";
import type { redemptionDetailWire, redemptionWire } from "../../redemptions/schemas.ts";
import { Moment, money, Text } from "../format.tsx";
import { Frame } from "../layout.tsx";
import { Done } from "../parts/done.tsx";
import { AreaField, ChoiceField, TextField } from "../parts/fields.tsx";
import { Faults, Form } from "../parts/form.tsx";
import { Head } from "../parts/head.tsx";
import { freshSheet, type Sheet } from "../parts/sheet.ts";
import { Empty, StatusBadge } from "../parts/states.tsx";
import { Pager, Table } from "../parts/table.tsx";
import { maySee, type Viewer } from "../viewer.ts";
import { Given } from "./results.tsx";

type Redemption = z.output<typeof redemptionWire>;
type Detail = z.output<typeof redemptionDetailWire>;

const doneTexts = { redeemed: "Redeemed.", rolled_back: "Rolled back." };

interface ReceiptProps {
  readonly viewer: Viewer;
  readonly redemption: Detail;
  readonly attempt: string;
  readonly done?: string | undefined;
  readonly sheet?: Sheet;
}

export function ReceiptPage(props: ReceiptProps) {
  const { viewer, redemption, sheet = freshSheet } = props;
  const { currency } = redemption.order;
  const left = redemption.discount_amount - redemption.rolled_back_amount;
  const counter = maySee(viewer, ["checkout"]);
  return (
    <Frame title="Receipt" viewer={viewer} place={counter ? "redeem" : "home"} scripts={["redeem.js"]}>
      <Head
        up={{ to: "/console/redemptions", name: "Redemptions" }}
        title="Receipt"
        beside={<StatusBadge status={redemption.status} />}
      >
        {counter && (
          <a class="button primary" href="/console/redeem">
            Next customer
          </a>
        )}
      </Head>
      <div class="counter">
        <Done done={props.done} texts={doneTexts} />
        <section class="card result good" aria-label="Receipt" data-test="receipt">
          <h2>
            <span class="number">{money(left, currency)}</span> off
          </h2>
          <p class="to-pay">
            To pay{" "}
            <span class="number">{money(redemption.order.total_amount + redemption.rolled_back_amount, currency)}</span>{" "}
            of <span class="number">{money(redemption.order.amount + redemption.order.shipping_amount, currency)}</span>
          </p>
          <Given codes={redemption.codes} automatic={redemption.automatic} currency={currency} />
        </section>
        <section class="card">
          <dl class="facts">
            <dt>Order</dt>
            <dd>
              <Text value={redemption.order.id ?? ""} />
            </dd>
            <dt>Customer</dt>
            <dd>
              {redemption.customer === null ? "nobody in particular" : <Text value={redemption.customer.identifier} />}
            </dd>
            <dt>When</dt>
            <dd>
              <Moment at={redemption.occurred_at} />
            </dd>
            <dt>By way of</dt>
            <dd>{redemption.source}</dd>
            <dt>Redemption</dt>
            <dd>{redemption.id}</dd>
          </dl>
        </section>
        {redemption.rollbacks.length > 0 && (
          <section class="card">
            <h2>Rolled back</h2>
            <ul class="plain-list" data-test="rollbacks">
              {redemption.rollbacks.map((rollback) => (
                <li>
                  <span class="number">{money(rollback.discount_amount, currency)}</span>{" "}
                  <span class="muted">
                    <Moment at={rollback.created_at} />
                  </span>{" "}
                  {rollback.reason !== null && <Text value={rollback.reason} max={500} />}
                </li>
              ))}
            </ul>
          </section>
        )}
        {counter && redemption.status === "redeemed" && (
          <section class="card">
            <h2>Roll back</h2>
            <Faults sheet={sheet} />
            <Form
              viewer={viewer}
              action={`/console/redemptions/${encodeURIComponent(redemption.id)}/rollback`}
              id="rollback"
              class="form"
            >
              <input type="hidden" name="attempt" value={props.attempt} />
              <ChoiceField
                sheet={sheet}
                name="what"
                label="How much"
                value="whole"
                options={[
                  {
                    value: "whole",
                    name: `All that is left: ${money(left, currency)}`,
                    hint: "The code can be used again.",
                  },
                  { value: "amount", name: "A part of the discount" },
                ]}
              />
              <TextField
                sheet={sheet}
                name="amount"
                label="Discount that goes back"
                hint="Only for a part of it."
                unit={currency}
                inputmode="decimal"
              />
              <AreaField sheet={sheet} name="reason" label="Reason" rows={2} maxlength={500} wide />
              <button class="button danger large" type="submit">
                Roll back
              </button>
            </Form>
          </section>
        )}
      </div>
    </Frame>
  );
}

interface ListProps {
  readonly viewer: Viewer;
  readonly page: { readonly data: readonly Redemption[]; readonly next_cursor: string | null };
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly cursor: string | undefined;
}

export function RedemptionsPage(props: ListProps) {
  const { viewer, query } = props;
  const counter = maySee(viewer, ["checkout"]);
  return (
    <Frame title="Redemptions" viewer={viewer} place={counter ? "redeem" : "home"}>
      <Head title="Redemptions" text="The newest first.">
        {counter && (
          <a class="button primary" href="/console/redeem">
            Redeem
          </a>
        )}
      </Head>
      <form class="filters" method="get" action="/console/redemptions" aria-label="Filters">
        <div>
          <label for="code">Code</label>
          <input id="code" type="text" name="code" value={query.code ?? ""} maxlength={200} />
        </div>
        <div>
          <label for="customer">Customer</label>
          <input id="customer" type="text" name="customer" value={query.customer ?? ""} maxlength={200} />
        </div>
        <button class="button" type="submit">
          Show
        </button>
      </form>
      <section class="card">
        <Table
          caption="Redemptions"
          rows={props.page.data}
          empty={
            <Empty title="No redemptions here." text="What is redeemed, here or in the shop, stands here at once." />
          }
          columns={[
            {
              name: "Codes",
              main: true,
              cell: (row) => (
                <a href={`/console/redemptions/${encodeURIComponent(row.id)}`}>
                  <Text value={row.codes.map((code) => code.code).join(", ") || "without a code"} max={80} />
                </a>
              ),
            },
            {
              name: "Customer",
              cell: (row) => (row.customer === null ? "–" : <Text value={row.customer.identifier} max={60} />),
            },
            { name: "Order", cell: (row) => <Text value={row.order.id ?? "–"} max={40} /> },
            { name: "Discount", right: true, cell: (row) => money(row.discount_amount, row.order.currency) },
            { name: "Status", cell: (row) => <StatusBadge status={row.status} /> },
            { name: "When", cell: (row) => <Moment at={row.occurred_at} /> },
          ]}
        />
        <Pager path="/console/redemptions" query={query} cursor={props.cursor} next={props.page.next_cursor} />
      </section>
    </Frame>
  );
}
