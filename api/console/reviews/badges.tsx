/** States of a review as words in colours. */
import type { ReviewWire } from "../../reviews/schemas.ts";
import { clock, span, Text } from "../format.tsx";

const tones: Readonly<Record<ReviewWire["status"], string>> = {
  open: "accent",
  held: "warn",
  confirmed: "bad",
  dismissed: "good",
  closed: "",
};

const words: Readonly<Record<ReviewWire["status"], string>> = {
  open: "open",
  held: "held",
  confirmed: "fraud",
  dismissed: "dismissed",
  closed: "closed",
};

export function Status(props: { review: Pick<ReviewWire, "status"> }) {
  return <span class={`badge ${tones[props.review.status]}`}>{words[props.review.status]}</span>;
}

const soonSeconds = 2 * 3_600;

/** How long it waits, and whether it should not any more. @param now epoch milliseconds. */
export function Age(props: { review: ReviewWire; now: number }) {
  const { review, now } = props;
  const waits = (now - Date.parse(review.opened_at)) / 1_000;
  const left = (Date.parse(review.due_at) - now) / 1_000;
  const pending = review.status === "open" || review.status === "held";
  if (!pending) return <span class="muted nowrap">{span(waits)}</span>;
  if (left <= 0) return <span class="badge bad">{`${span(waits)} · overdue`}</span>;
  if (left < soonSeconds) return <span class="badge warn">{`${span(waits)} · due in ${span(left)}`}</span>;
  return <span class="badge">{span(waits)}</span>;
}

export function isLocked(review: ReviewWire, now: number): boolean {
  return review.locked_until !== null && Date.parse(review.locked_until) > now && review.assigned_to !== null;
}

/** Who has it, as the one who looks should read it. */
export function Holder(props: { review: ReviewWire; keyId: string; now: number }) {
  const { review, keyId, now } = props;
  if (!isLocked(review, now) || review.assigned_to === null || review.locked_until === null) return null;
  const until = clock(review.locked_until);
  if (review.assigned_to.id === keyId) return <span class="badge accent">{`yours until ${until}`}</span>;
  return (
    <span class="badge warn">
      <Text value={review.assigned_to.name ?? review.assigned_to.id} max={30} /> has it until {until}
    </span>
  );
}

const kinds: Readonly<Record<ReviewWire["subject"]["kind"], string>> = {
  redemption: "Redeemed",
  rejection: "Refused",
  reservation: "Held back",
};

export function kindOf(review: Pick<ReviewWire, "subject">): string {
  return kinds[review.subject.kind];
}
