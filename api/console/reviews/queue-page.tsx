/** The queue: what is most expensively suspicious first, to look at or to decide many at once. */
import type { Page } from "../../http/pagination.ts";
import type { ReviewCounts } from "../../reviews/count.ts";
import type { ReviewWire } from "../../reviews/schemas.ts";
import type { CampaignName } from "../campaign-names.ts";
import { count, money, plural, Score, shortened, Text } from "../format.tsx";
import { Frame, Token } from "../layout.tsx";
import type { Viewer } from "../viewer.ts";
import { Age, Holder, kindOf, Status } from "./badges.tsx";
import { Done } from "./done.tsx";
import { type Asked, fromOf, queueAddress } from "./queue-query.ts";

const keys = [
  ["j", "next review"],
  ["k", "the one before"],
  ["Enter", "open it"],
  ["x", "select it"],
  ["c", "confirm what is selected, or this one after Enter"],
  ["d", "dismiss what is selected, or this one after Enter"],
  ["a", "take what is selected, or this one after Enter"],
  ["?", "these keys"],
] as const;

export interface QueueProps {
  readonly viewer: Viewer;
  readonly asked: Asked;
  readonly page: Page<ReviewWire>;
  readonly counts: ReviewCounts;
  readonly campaigns: readonly CampaignName[];
  /** What was just done, as the address says. */
  readonly done: Readonly<Record<string, string>>;
  readonly now: number;
}

export function QueuePage(props: QueueProps) {
  const { viewer, asked, counts } = props;
  return (
    <Frame title="Reviews" viewer={viewer} place="reviews" keys={keys}>
      <div class="head">
        <div>
          <h1>Reviews</h1>
          <p>Redemptions and refusals that look like fraud, the most expensive suspicion first.</p>
        </div>
        <a class="button" href="/console/reviews/metrics">
          How we decide
        </a>
      </div>
      <Done done={props.done} />
      <Tabs asked={asked} counts={counts} />
      <Filters asked={asked} campaigns={props.campaigns} />
      <Queue {...props} />
    </Frame>
  );
}

function Tabs(props: { asked: Asked; counts: ReviewCounts }) {
  const { asked, counts } = props;
  const mine = asked.assigned_to === "me";
  const overdue = asked.overdue === "true";
  const plain = !mine && !overdue;
  const status = asked.status ?? "open";
  const tabs = [
    [`Open ${count(counts.open)}`, { status: "open" }, plain && status === "open"],
    [`Held ${count(counts.held)}`, { status: "held" }, plain && status === "held"],
    [`Overdue ${count(counts.overdue)}`, { status: "all", overdue: "true" }, overdue],
    [`Mine ${count(counts.mine)}`, { status: "all", assigned_to: "me" }, mine],
    ["Confirmed", { status: "confirmed" }, plain && status === "confirmed"],
    ["Dismissed", { status: "dismissed" }, plain && status === "dismissed"],
    ["All", { status: "all" }, plain && status === "all"],
  ] as const;
  return (
    <nav class="tabs" aria-label="Which reviews">
      {tabs.map(([name, changes, current]) => (
        <a
          class="tab"
          href={queueAddress(asked, { assigned_to: undefined, overdue: undefined, ...changes })}
          aria-current={current ? "page" : undefined}
        >
          {name}
        </a>
      ))}
    </nav>
  );
}

function Filters(props: { asked: Asked; campaigns: readonly CampaignName[] }) {
  const { asked } = props;
  return (
    <form class="filters" method="get" action="/console/reviews" aria-label="Filters">
      <input type="hidden" name="status" value={asked.status ?? "open"} />
      {asked.overdue !== undefined && <input type="hidden" name="overdue" value={asked.overdue} />}
      <div>
        <label for="campaign">Campaign</label>
        <select id="campaign" name="campaign_id" data-submit-on-change>
          <option value="">Any</option>
          {props.campaigns.map((campaign) => (
            <option value={campaign.id} selected={campaign.id === asked.campaign_id}>
              {shortened(campaign.name, 60)}
            </option>
          ))}
        </select>
      </div>
      <div>
        <label for="min-score">Score from</label>
        <input
          id="min-score"
          type="number"
          name="min_score"
          min="0"
          max="1"
          step="0.05"
          value={asked.min_score ?? ""}
          placeholder="0"
        />
      </div>
      <div>
        <label for="assigned">Taken by</label>
        <select id="assigned" name="assigned_to" data-submit-on-change>
          {[
            ["", "Anybody"],
            ["me", "Me"],
            ["nobody", "Nobody"],
          ].map(([value, name]) => (
            <option value={value} selected={value === (asked.assigned_to ?? "")}>
              {name}
            </option>
          ))}
        </select>
      </div>
      <div>
        <label for="sort">Order</label>
        <select id="sort" name="sort" data-submit-on-change>
          <option value="priority">Risk × money</option>
          <option value="age" selected={asked.sort === "age"}>
            Oldest first
          </option>
        </select>
      </div>
      {asked.customer !== undefined && (
        <div>
          <label for="customer">Customer</label>
          <input id="customer" type="text" name="customer" value={asked.customer} maxlength={200} />
        </div>
      )}
      <button class="button" type="submit">
        Show
      </button>
      {Object.keys(asked).some((name) => name !== "status") && (
        <a class="button" href={queueAddress({}, { status: asked.status })}>
          Clear
        </a>
      )}
    </form>
  );
}

function Queue(props: QueueProps) {
  const { viewer, asked, page, now } = props;
  if (page.data.length === 0) {
    return (
      <section class="card empty">
        <p class="strong">Nothing to review here.</p>
        <p>What is flagged, held or refused for its risk comes here within seconds.</p>
      </section>
    );
  }
  const from = fromOf(asked);
  return (
    <form class="card queue" method="post" action="/console/reviews/bulk">
      <Token viewer={viewer} />
      <input type="hidden" name="from" value={from} />
      <div class="scroll">
        <table>
          <caption class="hidden-text">Reviews: {plural(page.data.length, "row")} on this page</caption>
          <thead>
            <tr>
              <th scope="col">
                <input type="checkbox" id="select-all" aria-label="Select all on this page" />
              </th>
              <th scope="col">Customer</th>
              <th scope="col">Risk</th>
              <th scope="col" class="right">
                At risk
              </th>
              <th scope="col">Why</th>
              <th scope="col">State</th>
              <th scope="col" class="right">
                Waits
              </th>
            </tr>
          </thead>
          <tbody>
            {page.data.map((review) => (
              <Row review={review} viewer={viewer} from={from} now={now} />
            ))}
          </tbody>
        </table>
      </div>
      <div class="bulk">
        <span id="selected-count" role="status" class="muted nowrap">
          Of what is selected:
        </span>
        <input
          type="text"
          name="note"
          maxlength={2_000}
          placeholder="Note for all of them"
          aria-label="Note for all of them"
        />
        <button class="button" type="submit" name="action" value="assign" data-key="a">
          Take <kbd>a</kbd>
        </button>
        <button class="button" type="submit" name="action" value="dismiss" data-key="d">
          Dismiss <kbd>d</kbd>
        </button>
        <button class="button" type="submit" name="action" value="hold" data-key="h">
          Hold <kbd>h</kbd>
        </button>
        <button class="button danger" type="submit" name="action" value="confirm" data-key="c">
          Confirm fraud <kbd>c</kbd>
        </button>
      </div>
      {page.next_cursor !== null && (
        <p class="right">
          <a href={queueAddress(asked, { cursor: page.next_cursor })} rel="next">
            Next page
          </a>
        </p>
      )}
    </form>
  );
}

function Row(props: { review: ReviewWire; viewer: Viewer; from: string; now: number }) {
  const { review, viewer, now } = props;
  const who = review.customer?.identifier ?? "Guest";
  const [first, ...more] = review.reasons;
  const query = props.from === "" ? "" : `?from=${encodeURIComponent(props.from)}`;
  return (
    <tr data-row={review.id}>
      <td>
        <input type="checkbox" name="id" value={review.id} aria-label={`Select the review of ${shortened(who, 60)}`} />
      </td>
      <td>
        <a class="who" href={`/console/reviews/${encodeURIComponent(review.id)}${query}`}>
          <Text value={who} max={60} />
        </a>
        <span class="small muted">
          {kindOf(review)}
          {review.linked_count > 1 && ` · linked to ${count(review.linked_count - 1)}`}
        </span>
      </td>
      <td>
        <Score value={review.score} />
      </td>
      <td class="right number strong">{money(review.amount_at_risk, review.currency)}</td>
      <td class="wide">
        {first ? (
          <span class="why">
            <Text value={first.text} />
            {more.length > 0 && <span class="muted">{` · ${more.length} more`}</span>}
          </span>
        ) : (
          <span class="muted">No reason is recorded</span>
        )}
      </td>
      <td>
        <span class="row">
          <Status review={review} />
          <Holder review={review} keyId={viewer.keyId} now={now} />
        </span>
      </td>
      <td class="right">
        <Age review={review} now={now} />
      </td>
    </tr>
  );
}
