/** What a customer did: figures, the newest of each kind, the timeline. */
import type { ThreeSixtyWire } from "../../customers/three-sixty/schema.ts";
import { count, Moment, money, percent, Score, Text } from "../format.tsx";
import { Badge, Empty, StatusBadge } from "../parts/states.tsx";
import { Pager, Table } from "../parts/table.tsx";
import type { Known } from "./known.ts";

type Figures = ThreeSixtyWire["figures"];

export function Figures({ figures, risk }: { figures: Figures; risk: ThreeSixtyWire["risk"] | undefined }) {
  const currency = figures.currency ?? "";
  return (
    <div class="tiles" data-test="figures">
      <Tile name="Orders" value={count(figures.orders_count)} />
      <Tile name="Paid" value={money(figures.orders_amount, currency)} />
      <Tile name="Redemptions" value={count(figures.redemptions_count)} />
      <Tile name="Discount" value={money(figures.discount_amount, currency)} />
      <Tile name="Refused" value={count(figures.rejections_count)} />
      <Tile name="With a discount" value={percent(figures.discounted_orders_share)} />
      {figures.rfm && <Tile name="RFM" value={`${figures.rfm.segment.replaceAll("_", " ")}`} />}
      {risk && <Tile name="Highest risk" value={<Score value={risk.score_max} />} />}
      {risk && <Tile name="Flagged" value={count(risk.flagged_count)} />}
    </div>
  );
}

function Tile(props: { name: string; value: unknown }) {
  return (
    <div class="tile">
      <span class="label">{props.name}</span>
      <div class="value">{props.value as string}</div>
    </div>
  );
}

const missing = {
  no_orders: "Nothing is predicted for who has not ordered.",
  not_computed: "The next prediction is made within a day.",
  too_few_repeat_customers: "Too few customers of the project came back to learn from.",
  too_short_history: "The project's history is too short to learn from.",
};

export function Predictions({ known }: { known: Known }) {
  const { predictions, predictions_missing: why, segments = [], favourites } = known;
  return (
    <>
      {predictions !== undefined && (
        <section class="card">
          <h2>Expected</h2>
          {predictions === null ? (
            <p class="muted">{why ? missing[why] : "Nothing is predicted."}</p>
          ) : (
            <dl class="facts">
              <dt>Value in a year</dt>
              <dd>
                {predictions.predicted_value_amount_365d === null
                  ? "not known"
                  : `${money(Math.round(predictions.predicted_value_amount_365d.expected), predictions.currency)} (${money(Math.round(predictions.predicted_value_amount_365d.low), predictions.currency)} to ${money(Math.round(predictions.predicted_value_amount_365d.high), predictions.currency)})`}
              </dd>
              <dt>Orders in 90 days</dt>
              <dd>{predictions.expected_orders_90d.toFixed(1)}</dd>
              <dt>Still a customer</dt>
              <dd>{percent(predictions.probability_alive)}</dd>
              <dt>Engagement</dt>
              <dd>{percent(predictions.engagement)}</dd>
              <dt>As of</dt>
              <dd>
                <Moment at={predictions.as_of} />
              </dd>
            </dl>
          )}
        </section>
      )}
      {(segments.length > 0 || (favourites?.categories.length ?? 0) > 0) && (
        <section class="card">
          <h2>Segments and favourites</h2>
          <p class="row">
            {segments.map((segment) => (
              <Badge tone="accent">
                <Text value={segment.name} max={40} />
              </Badge>
            ))}
            {favourites?.categories.map((favourite) => (
              <Badge>
                <Text value={`${favourite.category} × ${count(favourite.quantity)}`} max={40} />
              </Badge>
            ))}
          </p>
        </section>
      )}
    </>
  );
}

export function Lists({ known }: { known: Known }) {
  const { orders, redemptions, rejections } = known;
  return (
    <>
      {redemptions && redemptions.length > 0 && (
        <section class="card">
          <h2>Newest redemptions</h2>
          <Table
            caption="Newest redemptions"
            rows={redemptions}
            empty={<Empty title="None." />}
            columns={[
              {
                name: "Codes",
                main: true,
                cell: (row) => (
                  <a href={`/console/redemptions/${encodeURIComponent(row.redemption_id)}`}>
                    <Text value={row.codes.filter((code) => code !== "").join(", ") || "by itself"} max={80} />
                  </a>
                ),
              },
              { name: "Campaign", cell: (row) => <Text value={row.campaign_names.join(", ")} max={60} /> },
              { name: "Discount", right: true, cell: (row) => money(row.discount_amount, row.currency) },
              {
                name: "Rolled back",
                right: true,
                cell: (row) => (row.rolled_back_amount === 0 ? "–" : money(row.rolled_back_amount, row.currency)),
              },
              { name: "When", cell: (row) => <Moment at={row.at} /> },
            ]}
          />
        </section>
      )}
      {rejections && rejections.length > 0 && (
        <section class="card">
          <h2>Newest refusals</h2>
          <Table
            caption="Newest refusals"
            rows={rejections}
            empty={<Empty title="None." />}
            columns={[
              { name: "Codes", main: true, cell: (row) => <Text value={row.codes.join(", ")} max={80} /> },
              { name: "Why", cell: (row) => row.reasons.map((reason) => reason.replaceAll("_", " ")).join(", ") },
              { name: "Basket", right: true, cell: (row) => money(row.order_amount, row.currency) },
              { name: "When", cell: (row) => <Moment at={row.at} /> },
            ]}
          />
        </section>
      )}
      {orders && orders.length > 0 && (
        <section class="card">
          <h2>Newest orders</h2>
          <Table
            caption="Newest orders"
            rows={orders}
            empty={<Empty title="None." />}
            columns={[
              { name: "Order", main: true, cell: (row) => <Text value={row.order_id} max={60} /> },
              { name: "Status", cell: (row) => <StatusBadge status={row.status} /> },
              { name: "Paid", right: true, cell: (row) => money(row.total_amount, row.currency) },
              { name: "When", cell: (row) => <Moment at={row.updated_at} /> },
            ]}
          />
        </section>
      )}
    </>
  );
}

interface TimelineProps {
  readonly timeline: ThreeSixtyWire["timeline"];
  readonly address: string;
  readonly cursor: string | undefined;
}

export function Timeline({ timeline, address, cursor }: TimelineProps) {
  return (
    <section class="card">
      <h2>Timeline</h2>
      {timeline.data.length === 0 ? (
        <Empty title="Nothing yet." text="What happens comes here within seconds." />
      ) : (
        <ol class="timeline">
          {timeline.data.map((entry) => (
            <li>
              <strong>{entry.type.replaceAll(/[._]/g, " ")}</strong> <Text value={entry.title} max={100} />{" "}
              {entry.amount !== null && <span class="number">{money(entry.amount, entry.currency)}</span>}
              {entry.points !== null && <span class="number">{`${count(entry.points)} points`}</span>}
              {entry.reasons.length > 0 && (
                <span class="muted"> {entry.reasons.map((reason) => reason.replaceAll("_", " ")).join(", ")}</span>
              )}
              <div class="muted small">
                <Moment at={entry.at} />
              </div>
            </li>
          ))}
        </ol>
      )}
      <Pager path={address} query={{}} cursor={cursor} next={timeline.next_cursor} />
    </section>
  );
}
