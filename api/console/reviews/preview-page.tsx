/** What a claw-back would undo, before it does; and what one did, with the way back. */
import type { ClawBackWire, PreviewWire } from "../../reviews/claw-back/schemas.ts";
import type { ReviewDetailWire } from "../../reviews/schemas.ts";
import { count, Moment, money, plural, shortened, Text } from "../format.tsx";
import { Frame, Notice, Token } from "../layout.tsx";
import type { Viewer } from "../viewer.ts";

const listedMax = 200;

export interface PreviewProps {
  readonly viewer: Viewer;
  readonly review: ReviewDetailWire;
  readonly preview: PreviewWire;
  readonly note: string;
  readonly from: string;
  /** The review was confirmed before: only the claw-back is left to say yes to. */
  readonly decided: boolean;
  readonly changed: boolean;
}

export function PreviewPage(props: PreviewProps) {
  const { viewer, review, preview } = props;
  const { totals } = preview;
  const back = `/console/reviews/${encodeURIComponent(review.id)}`;
  const amounts = amountsInWords(totals.amounts);
  return (
    <Frame
      title="What will be clawed back"
      viewer={viewer}
      place="reviews"
      keys={[
        ["u", "back to the review"],
        ["?", "these keys"],
      ]}
    >
      <p class="crumb">
        <a href={back} data-up>
          ← Review of <Text value={review.customer?.identifier ?? "a guest"} max={60} />
        </a>
      </p>
      <div class="head">
        <div>
          <h1>What will be clawed back</h1>
          <p>
            {preview.scope === "cluster" ? "Of the whole cluster of linked accounts." : "Of this review alone."} Nothing
            has happened yet.
          </p>
        </div>
      </div>
      {props.changed && <Notice tone="warn">Something changed since you looked. This is how it is now.</Notice>}
      {preview.truncated && (
        <Notice tone="warn">There is more than one claw-back may take: the newest are taken.</Notice>
      )}
      <dl class="tiles" data-test="totals">
        <Tile name="Redemptions rolled back" value={count(totals.redemptions_count)} />
        <Tile name="Discount that goes back" value={amounts} />
        <Tile name="Codes disabled" value={count(totals.vouchers_count)} />
        <Tile name="Customers blocked" value={count(totals.customers_count)} />
      </dl>
      <form class="card" method="post" action={props.decided ? `${back}/claw-back` : `${back}/decision`}>
        <Token viewer={viewer} />
        <input type="hidden" name="from" value={props.from} />
        <input type="hidden" name="decision" value="confirm" />
        <input type="hidden" name="claw_back" value={preview.scope} />
        <input type="hidden" name="scope" value={preview.scope} />
        <input type="hidden" name="note" value={props.note} />
        <input type="hidden" name="preview_digest" value={preview.digest} />
        <p class="row between">
          <span>
            Open reviews of what is rolled back count as fraud with it. It can be undone afterwards, and is in the audit
            log.
          </span>
          <span class="row">
            <a class="button" href={back}>
              Leave it
            </a>
            <button class="button danger" type="submit">
              {props.decided ? "Claw back" : "Confirm fraud and claw back"}
            </button>
          </span>
        </p>
      </form>
      <div class="stack preview">
        <Redemptions preview={preview} />
        <div class="pair">
          <List title="Codes that are disabled" rows={preview.vouchers.map((voucher) => voucher.code)} />
          <List title="Customers who are blocked" rows={preview.customers.map((customer) => customer.identifier)} />
        </div>
        <LeftAlone
          title="Taken back already"
          why="Another claw-back did it. It stays so until that one and this one are both undone."
          rows={preview.held}
        />
      </div>
    </Frame>
  );
}

function Tile(props: { name: string; value: string }) {
  return (
    <div class="tile">
      <dt>{props.name}</dt>
      <dd>{props.value}</dd>
    </div>
  );
}

function amountsInWords(amounts: readonly { readonly currency: string; readonly amount: number }[]): string {
  return amounts.length === 0 ? "–" : amounts.map(({ currency, amount }) => money(amount, currency)).join(" + ");
}

function Redemptions(props: { preview: PreviewWire }) {
  const { redemptions } = props.preview;
  if (redemptions.length === 0) return null;
  return (
    <section class="card">
      <h2>Redemptions that are rolled back</h2>
      <div class="scroll">
        <table>
          <caption class="hidden-text">Redemptions that are rolled back</caption>
          <thead>
            <tr>
              <th scope="col">Customer</th>
              <th scope="col">Order</th>
              <th scope="col">When</th>
              <th scope="col" class="right">
                Discount
              </th>
            </tr>
          </thead>
          <tbody>
            {redemptions.slice(0, listedMax).map((redemption) => (
              <tr>
                <td>
                  <Text value={redemption.customer?.identifier ?? "Guest"} max={60} />
                </td>
                <td>
                  <Text value={redemption.order_id} max={40} />
                </td>
                <td class="nowrap">
                  <Moment at={redemption.occurred_at} />
                </td>
                <td class="right number">{money(redemption.amount, redemption.currency)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {redemptions.length > listedMax && (
        <p class="small muted">{`and ${count(redemptions.length - listedMax)} more`}</p>
      )}
    </section>
  );
}

function List(props: { title: string; rows: readonly string[] }) {
  const { rows } = props;
  return (
    <section class="card">
      <h2>{props.title}</h2>
      {rows.length === 0 && <p class="muted">None</p>}
      <ul class="plain-list">
        {rows.slice(0, listedMax).map((row) => (
          <li>
            <Text value={row} max={80} />
          </li>
        ))}
      </ul>
      {rows.length > listedMax && <p class="small muted">{`and ${count(rows.length - listedMax)} more`}</p>}
    </section>
  );
}

const kinds = { customer: "Customer", voucher: "Code", redemption: "Redemption" } as const;

interface LeftAloneProps {
  readonly title: string;
  readonly why: string;
  readonly rows: readonly {
    readonly kind: keyof typeof kinds;
    readonly target: string;
    readonly claw_back_id: string | null;
  }[];
}

function LeftAlone({ title, why, rows }: LeftAloneProps) {
  if (rows.length === 0) return null;
  return (
    <section class="card" data-test="left-alone">
      <h2>{title}</h2>
      <p class="muted">{why}</p>
      <ul class="plain-list">
        {rows.slice(0, listedMax).map((row) => (
          <li>
            <span class="muted">{kinds[row.kind]} </span>
            <Text value={row.target} max={60} />
            {row.claw_back_id === null ? (
              <span class="muted">: changed by somebody since</span>
            ) : (
              <>
                <span class="muted">: held by </span>
                <OtherClawBack id={row.claw_back_id} />
              </>
            )}
          </li>
        ))}
      </ul>
      {rows.length > listedMax && <p class="small muted">{`and ${count(rows.length - listedMax)} more`}</p>}
    </section>
  );
}

function OtherClawBack(props: { id: string }) {
  return <a href={`/console/reviews/claw-backs/${encodeURIComponent(props.id)}`}>another claw-back</a>;
}

const states: Readonly<Record<ClawBackWire["status"], string>> = {
  running: "Clawing back …",
  done: "Clawed back",
  undoing: "Undoing …",
  undone: "Undone",
};

const stepWords = { customer: "Blocked", voucher: "Disabled", redemption: "Rolled back" } as const;

export function ClawBackPage(props: { viewer: Viewer; clawBack: ClawBackWire; refreshSeconds: number | undefined }) {
  const { viewer, clawBack } = props;
  const back = `/console/reviews/${encodeURIComponent(clawBack.review_id)}`;
  const running = clawBack.status === "running" || clawBack.status === "undoing";
  return (
    <Frame
      title={states[clawBack.status]}
      viewer={viewer}
      place="reviews"
      refreshSeconds={props.refreshSeconds}
      keys={[
        ["u", "back to the review"],
        ["?", "these keys"],
      ]}
    >
      <p class="crumb">
        <a href={back} data-up>
          ← The review
        </a>
      </p>
      <div class="head">
        <div>
          <h1>{states[clawBack.status]}</h1>
          <p>
            {clawBack.scope === "cluster" ? "The whole cluster" : "This review"}, by{" "}
            <Text value={clawBack.created_by.name ?? clawBack.created_by.id} max={60} />,{" "}
            <Moment at={clawBack.created_at} />
          </p>
        </div>
        {clawBack.status === "done" && (
          <form method="post" action={`/console/reviews/claw-backs/${encodeURIComponent(clawBack.id)}/undo`}>
            <Token viewer={viewer} />
            <button class="button" type="submit">
              Undo all of it
            </button>
          </form>
        )}
      </div>
      <div role="status">
        {running && <Progress clawBack={clawBack} />}
        {running && clawBack.error !== null && (
          <Notice tone="warn">
            The last try failed, and it is tried again. <Text value={clawBack.error} />
          </Notice>
        )}
        {clawBack.steps_failed > 0 && (
          <Notice tone="warn">{`${plural(clawBack.steps_failed, "step")} could not be done: see below why.`}</Notice>
        )}
      </div>
      <dl class="tiles">
        <Tile name="Discount given back" value={amountsInWords(clawBack.amounts)} />
        <Tile name="Steps" value={`${count(clawBack.steps_done)} of ${count(clawBack.steps_count)}`} />
        {clawBack.undone_by !== null && (
          <Tile name="Undone by" value={shortened(clawBack.undone_by.name ?? clawBack.undone_by.id, 60)} />
        )}
      </dl>
      <div class="stack preview">
        <LeftAlone
          title="What undoing would leave as it is"
          why="Somebody else wants it so: another claw-back holds it, or a person has decided about it since."
          rows={clawBack.undo_leaves}
        />
        <Steps clawBack={clawBack} />
      </div>
    </Frame>
  );
}

function Progress(props: { clawBack: ClawBackWire }) {
  const { steps_done: done, steps_count: all } = props.clawBack;
  return (
    <div class="card">
      <p>{`${count(done)} of ${plural(all, "step")}. This page looks again by itself.`}</p>
      <svg class="meter" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
        <rect class="meter-track" width="100" height="4" />
        <rect class="meter-done" width={all === 0 ? 0 : (100 * done) / all} height="4" />
      </svg>
    </div>
  );
}

function Steps(props: { clawBack: ClawBackWire }) {
  const { steps } = props.clawBack;
  return (
    <section class="card">
      <h2>What was done</h2>
      <div class="scroll">
        <table>
          <caption class="hidden-text">Steps of the claw-back</caption>
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col">Whom or which</th>
              <th scope="col" class="right">
                Amount
              </th>
              <th scope="col">Outcome</th>
              <th scope="col">Undone</th>
            </tr>
          </thead>
          <tbody>
            {steps.slice(0, 2 * listedMax).map((step) => (
              <tr>
                <td>{stepWords[step.kind]}</td>
                <td>
                  <Text value={step.target} max={60} />
                </td>
                <td class="right number">
                  {step.amount === null || step.currency === null ? "–" : money(step.amount, step.currency)}
                </td>
                <td>
                  <Outcome
                    value={step.outcome}
                    reason={step.reason}
                    of={step.outcome === "held" ? step.held_by : null}
                  />
                </td>
                <td>
                  {step.undo === null ? (
                    "–"
                  ) : (
                    <Outcome
                      value={step.undo}
                      reason={step.undo_reason}
                      of={step.undo === "kept" ? step.held_by : null}
                    />
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {steps.length > 2 * listedMax && <p class="small muted">{`and ${count(steps.length - 2 * listedMax)} more`}</p>}
    </section>
  );
}

const outcomes = {
  pending: ["", "waits"],
  done: ["good", "done"],
  held: ["", "holds it too"],
  kept: ["warn", "left alone"],
  unchanged: ["", "was so already"],
  failed: ["bad", "failed"],
} as const;

/** Of what has a name on the wire; other reasons are sentences. */
const reasons: Readonly<Record<string, string>> = {
  held_by_claw_back: "It is held by",
  changed_meanwhile: "Somebody has changed it since.",
  campaign_limit_reached: "The campaign has reached its limit since.",
  period_limit_reached: "The limit of the period is reached.",
  voucher_limit_reached: "The code has no uses left.",
  customer_limit_reached: "The customer has reached a limit since.",
  order_already_redeemed: "The code counts on the order again.",
  order_over: "The order is cancelled or refunded.",
  partly_rolled_back_before: "A part of it had been rolled back before.",
  points_not_enough: "The points are not there to be taken again.",
  points_spent_meanwhile: "The points were spent meanwhile.",
  reward_used: "A reward of it was used.",
  not_rolled_back: "It is not rolled back any more.",
  fault: "An error of the product's own, which is in the log.",
};

/** @param props.of the other claw-back. */
function Outcome(props: { value: keyof typeof outcomes; reason: string | null; of: string | null }) {
  const [tone, word] = outcomes[props.value];
  return (
    <>
      <span class={`badge ${tone}`}>{word}</span>
      {props.reason !== null && (
        <span class="small muted">
          {" "}
          <Text value={reasons[props.reason] ?? props.reason} />
        </span>
      )}
      {props.of !== null && (
        <span class="small">
          {" "}
          <OtherClawBack id={props.of} />
        </span>
      )}
    </>
  );
}
