/** One review: what is known, who it is linked to, what was done with it, and the decision. */
import type { Child } from "hono/jsx";
import type { ReviewDetailWire } from "../../reviews/schemas.ts";
import { Moment, money, plural, Score, shortened, Text } from "../format.tsx";
import { Graph, sharedInWords } from "../graph/graph.tsx";
import { Frame, Notice } from "../layout.tsx";
import type { Viewer } from "../viewer.ts";
import { Age, Holder, kindOf, Status } from "./badges.tsx";
import { Decide } from "./decide.tsx";
import { Done } from "./done.tsx";
import { type Asked, fromOf, queueAddress } from "./queue-query.ts";
import { Reasons } from "./reasons.tsx";
import { Timeline } from "./timeline.tsx";

const keys = [
  ["c", "confirm fraud"],
  ["d", "dismiss"],
  ["h", "hold"],
  ["a", "take it, or give it back"],
  ["n", "write a note"],
  ["u", "back to the queue"],
  ["?", "these keys"],
] as const;

export interface ReviewProps {
  readonly viewer: Viewer;
  readonly review: ReviewDetailWire;
  readonly campaign: string | undefined;
  /** The queue one came from. */
  readonly asked: Asked;
  readonly done: Readonly<Record<string, string>>;
  /** What was refused just now, in words; what was written is kept. */
  readonly refused?: { readonly why: string; readonly note: string } | undefined;
  readonly now: number;
}

export function ReviewPage(props: ReviewProps) {
  const { viewer, review, now } = props;
  const who = review.customer?.identifier ?? "Guest";
  return (
    <Frame title={`Review of ${shortened(who, 60)}`} viewer={viewer} place="reviews" keys={keys}>
      <p class="crumb">
        <a href={queueAddress(props.asked)} data-up>
          ← Reviews
        </a>
      </p>
      <div class="head">
        <div>
          <h1>
            <Text value={who} max={80} />
          </h1>
          <p class="row">
            <Status review={review} />
            <Holder review={review} keyId={viewer.keyId} now={now} />
            <span>
              {kindOf(review)} · <Moment at={review.opened_at} />
            </span>
            <Age review={review} now={now} />
          </p>
        </div>
      </div>
      {props.refused && <Notice tone="bad">{props.refused.why}</Notice>}
      <Done done={props.done} />
      <Key review={review} campaign={props.campaign} />
      <div class="columns">
        <div class="stack">
          <Card title="Why" hint="what each adds to the risk, or takes from it">
            <Reasons reasons={review.reasons} rules={review.rules} />
          </Card>
          <Linked review={review} />
          <div class="pair">
            <Order review={review} />
            <Customer review={review} viewer={viewer} />
          </div>
          <Related review={review} />
        </div>
        <div class="stack">
          <Decide
            viewer={viewer}
            review={review}
            from={fromOf(props.asked)}
            note={props.refused?.note ?? ""}
            now={now}
          />
          <Card title="Timeline">
            <Timeline review={review} />
          </Card>
        </div>
      </div>
    </Frame>
  );
}

function Card(props: { title: string; hint?: string; children: Child }) {
  return (
    <section class="card">
      <h2>
        {props.title}
        {props.hint && <small>{props.hint}</small>}
      </h2>
      {props.children}
    </section>
  );
}

function Key(props: { review: ReviewDetailWire; campaign: string | undefined }) {
  const { review } = props;
  return (
    <dl class="tiles">
      <div class="tile">
        <dt>Risk</dt>
        <dd>
          <Score value={review.score} />
        </dd>
      </div>
      <div class="tile">
        <dt>At risk</dt>
        <dd>{money(review.amount_at_risk, review.currency)}</dd>
      </div>
      <div class="tile">
        <dt>What the score led to</dt>
        <dd>{{ allow: "let through", flag: "flagged", hold: "held back", reject: "refused" }[review.action]}</dd>
      </div>
      <div class="tile">
        <dt>Campaign</dt>
        <dd>{props.campaign === undefined ? "–" : <Text value={props.campaign} max={60} />}</dd>
      </div>
      {review.expires_at !== null && (
        <div class="tile">
          <dt>Given back by itself</dt>
          <dd>
            <Moment at={review.expires_at} />
          </dd>
        </div>
      )}
    </dl>
  );
}

function Linked(props: { review: ReviewDetailWire }) {
  const { cluster, customer } = props.review;
  if (cluster === null) {
    return (
      <Card title="Linked accounts">
        <p class="muted">No other account was seen with the same card, device, address or IP within 90 days.</p>
      </Card>
    );
  }
  const growth = cluster.growth_7d > 0 ? `, ${cluster.growth_7d} of them new this week` : "";
  return (
    <section class="card">
      <h2>
        <a href={`/console/clusters/${encodeURIComponent(cluster.cluster_id)}`}>Linked accounts</a>
        <small>
          {`${plural(cluster.customers_count, "account")}${growth} · ${sharedInWords(cluster)} · ${money(cluster.discount_amount, cluster.currency)} of discounts`}
        </small>
      </h2>
      <Graph cluster={cluster} {...(customer === null ? {} : { self: customer.identifier })} />
    </section>
  );
}

function Order(props: { review: ReviewDetailWire }) {
  const { order, codes } = props.review;
  if (order === null) {
    return (
      <Card title="Order">
        <p class="muted">Its lines are not kept.</p>
      </Card>
    );
  }
  return (
    <section class="card">
      <h2>
        Order
        <small>
          <Text value={order.id ?? "without an id"} max={40} />
        </small>
      </h2>
      <div class="scroll">
        <table>
          <caption class="hidden-text">Lines of the order</caption>
          <thead>
            <tr>
              <th scope="col">Item</th>
              <th scope="col" class="right">
                Price
              </th>
              <th scope="col" class="right">
                Discount
              </th>
            </tr>
          </thead>
          <tbody>
            {order.items.map((item) => (
              <tr>
                <td>
                  {item.quantity > 1 && <span class="muted">{`${item.quantity} × `}</span>}
                  <Text value={item.name ?? item.sku} max={60} />
                </td>
                <td class="right number">{money(item.quantity * item.unit_amount, order.currency)}</td>
                <td class="right number">
                  {item.discount_amount === 0 ? "–" : `−${money(item.discount_amount, order.currency)}`}
                </td>
              </tr>
            ))}
            <tr>
              <td class="strong">To pay</td>
              <td class="right number strong">{money(order.total_amount, order.currency)}</td>
              <td class="right number strong">{`−${money(order.discount_amount, order.currency)}`}</td>
            </tr>
          </tbody>
        </table>
      </div>
      {codes.length > 0 && (
        <p class="small muted">
          {codes.length === 1 ? "Code: " : "Codes: "}
          {codes.map(({ code }, at) => (
            <>
              {at > 0 && ", "}
              {code === "" ? "automatic" : <Text value={code} max={60} />}
            </>
          ))}
        </p>
      )}
    </section>
  );
}

function Customer(props: { review: ReviewDetailWire; viewer: Viewer }) {
  const { customer_summary: customer, currency } = props.review;
  if (customer === null) {
    return (
      <Card title="Customer">
        <p class="muted">A guest: known by the order alone.</p>
      </Card>
    );
  }
  const address = `/dashboards/customers/${encodeURIComponent(customer.identifier)}/`;
  return (
    <section class="card">
      <h2>
        {props.viewer.scopes.includes("analytics") ? <a href={address}>Customer</a> : "Customer"}
        {customer.blocked && <span class="badge bad">blocked</span>}
      </h2>
      <dl class="facts">
        <dt>Identifier</dt>
        <dd>
          <Text value={customer.identifier} />
        </dd>
        {customer.name !== null && (
          <>
            <dt>Name</dt>
            <dd>
              <Text value={customer.name} />
            </dd>
          </>
        )}
        {customer.email !== null && (
          <>
            <dt>E-mail</dt>
            <dd>
              <Text value={customer.email} />
            </dd>
          </>
        )}
        <dt>Known since</dt>
        <dd>{customer.created_at === null ? "–" : <Moment at={customer.created_at} />}</dd>
        <dt>Orders</dt>
        <dd>{`${plural(customer.orders_count, "order")}, ${money(customer.orders_amount, currency)} paid`}</dd>
        <dt>Redemptions</dt>
        <dd>{`${customer.redemptions_count}, ${money(customer.discount_amount, currency)} off`}</dd>
        <dt>Rolled back</dt>
        <dd>{customer.rolled_back_count}</dd>
        <dt>Refused</dt>
        <dd>{customer.rejections_count}</dd>
      </dl>
    </section>
  );
}

function Related(props: { review: ReviewDetailWire }) {
  const { related } = props.review;
  if (related.length === 0) return null;
  return (
    <Card title="Other reviews" hint="of this customer, and of linked ones">
      <div class="scroll">
        <table>
          <caption class="hidden-text">Other reviews</caption>
          <thead>
            <tr>
              <th scope="col">Customer</th>
              <th scope="col">Risk</th>
              <th scope="col" class="right">
                At risk
              </th>
              <th scope="col">State</th>
            </tr>
          </thead>
          <tbody>
            {related.map((other) => (
              <tr>
                <td>
                  <a href={`/console/reviews/${encodeURIComponent(other.id)}`}>
                    <Text value={other.customer?.identifier ?? "Guest"} max={60} />
                  </a>{" "}
                  <span class="small muted">{other.why === "linked" ? "linked" : "the same"}</span>
                </td>
                <td>
                  <Score value={other.score} />
                </td>
                <td class="right number">{money(other.amount_at_risk, other.currency)}</td>
                <td>
                  <Status review={other} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}
