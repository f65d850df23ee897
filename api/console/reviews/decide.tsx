/** What a reviewer can do with a review: forms, so that it works without scripts. */
import type { ReviewDetailWire } from "../../reviews/schemas.ts";
import { clock, plural, Text } from "../format.tsx";
import { Token } from "../layout.tsx";
import type { Viewer } from "../viewer.ts";
import { isLocked } from "./badges.tsx";

interface DecideProps {
  readonly viewer: Viewer;
  readonly review: ReviewDetailWire;
  readonly from: string;
  readonly note: string;
  readonly now: number;
}

export function Decide(props: DecideProps) {
  const { review, viewer, now } = props;
  const locked = isLocked(review, now);
  const mine = locked && review.assigned_to?.id === viewer.keyId;
  const decided = review.status === "confirmed" || review.status === "dismissed";
  return (
    <section class="card decide" aria-labelledby="decide-title">
      <h2 id="decide-title">{decided ? "Decided" : "Decide"}</h2>
      {decided ? <Decided {...props} /> : <Open {...props} locked={locked} mine={mine} />}
    </section>
  );
}

const address = (review: ReviewDetailWire, action: string) =>
  `/console/reviews/${encodeURIComponent(review.id)}/${action}`;

function Open(props: DecideProps & { locked: boolean; mine: boolean }) {
  const { review, viewer, from, locked, mine } = props;
  const away = locked && !mine;
  return (
    <>
      {away && review.assigned_to !== null && review.locked_until !== null && (
        <p class="notice warn" role="status" data-test="lock">
          <span>
            <Text value={review.assigned_to.name ?? review.assigned_to.id} max={60} />
            {` has this review until ${clock(review.locked_until)}. Nobody else can decide it before.`}
          </span>
        </p>
      )}
      {!away && (
        <form method="post" action={address(review, mine ? "release" : "assign")}>
          <Token viewer={viewer} />
          <input type="hidden" name="from" value={from} />
          <p class="row between gap-after">
            <span class="muted small">
              {mine && review.locked_until !== null ? `Yours until ${clock(review.locked_until)}` : "Nobody has it"}
            </span>
            <button class="button" type="submit" data-key="a">
              {mine ? "Give back" : "Take it"} <kbd>a</kbd>
            </button>
          </p>
        </form>
      )}
      <form method="post" action={address(review, "decision")}>
        <Token viewer={viewer} />
        <input type="hidden" name="from" value={from} />
        <label for="note">Note for whoever reads this next</label>
        <textarea id="note" name="note" maxlength={2_000}>
          {props.note}
        </textarea>
        <ClawBackChoice review={review} />
        <div class="actions">
          <button class="button danger" type="submit" name="decision" value="confirm" data-key="c" disabled={away}>
            Fraud <kbd>c</kbd>
          </button>
          <button class="button primary" type="submit" name="decision" value="dismiss" data-key="d" disabled={away}>
            Dismiss <kbd>d</kbd>
          </button>
          <button
            class="button"
            type="submit"
            name="decision"
            value="hold"
            data-key="h"
            disabled={away || review.status === "closed"}
          >
            Hold <kbd>h</kbd>
          </button>
        </div>
        <p class="row between gap">
          <span class="small muted">{effect(review)}</span>
          <button class="button quiet" type="submit" formaction={address(review, "note")}>
            Only write the note
          </button>
        </p>
      </form>
    </>
  );
}

function effect(review: ReviewDetailWire): string {
  if (review.subject.kind !== "reservation") return "Decisions teach the model: fraud or not.";
  return "The order waits: dismissing lets the redemption through, confirming gives the hold back. Decisions teach the model.";
}

function ClawBackChoice(props: { review: ReviewDetailWire }) {
  const { review } = props;
  return (
    <fieldset class="choices">
      <legend>When it is fraud, claw back</legend>
      <label class="inline">
        <input type="radio" name="claw_back" value="none" checked /> nothing
      </label>
      <label class="inline">
        <input type="radio" name="claw_back" value="this" /> this one, and its codes
      </label>
      {review.linked_count > 1 && (
        <label class="inline">
          <input type="radio" name="claw_back" value="cluster" />
          {`the whole cluster of ${plural(review.linked_count, "account")}`}
        </label>
      )}
      <span class="small muted">You see what goes before it goes.</span>
    </fieldset>
  );
}

function Decided(props: DecideProps) {
  const { review, viewer, from } = props;
  return (
    <>
      <p>
        {review.decision === "confirm" ? "Fraud" : "No fraud"}
        {review.decided_by !== null && (
          <>
            {", says "}
            <Text value={review.decided_by.name ?? review.decided_by.id} max={60} />
          </>
        )}
        .
      </p>
      {review.claw_back !== null && (
        <p>
          <a href={`/console/reviews/claw-backs/${encodeURIComponent(review.claw_back.id)}`}>What was clawed back</a>
        </p>
      )}
      {review.decision === "confirm" && review.claw_back === null && (
        <form method="get" action={address(review, "claw-back")}>
          <fieldset class="choices">
            <legend>Claw back after all</legend>
            <label class="inline">
              <input type="radio" name="scope" value="this" checked /> this one, and its codes
            </label>
            {review.linked_count > 1 && (
              <label class="inline">
                <input type="radio" name="scope" value="cluster" />
                {`the whole cluster of ${plural(review.linked_count, "account")}`}
              </label>
            )}
          </fieldset>
          <p class="actions">
            <button class="button" type="submit">
              Preview
            </button>
          </p>
        </form>
      )}
      <form method="post" action={address(review, "note")}>
        <Token viewer={viewer} />
        <input type="hidden" name="from" value={from} />
        <label for="note">Add a note</label>
        <textarea id="note" name="note" maxlength={2_000} required>
          {props.note}
        </textarea>
        <p>
          <button class="button" type="submit">
            Write it down
          </button>
        </p>
      </form>
    </>
  );
}
