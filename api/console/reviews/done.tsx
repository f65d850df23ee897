/** What was just done, told by the address that one was sent on to: a reload tells it again and does nothing. */
import { plural } from "../format.tsx";
import { Notice } from "../layout.tsx";

const words: Readonly<Record<string, string>> = {
  confirm: "confirmed as fraud",
  dismiss: "dismissed",
  hold: "held",
  assign: "taken",
  release: "given back",
  note: "noted",
};

const faults: Readonly<Record<string, string>> = {
  review_locked: "somebody else has them",
  review_decided: "they were decided already",
  not_found: "they are not there",
  other: "they could not be changed",
};

const idPattern = /^rev_[0-9a-z]{1,40}$/;

export const doneNames = ["done", "count", "review", ...Object.keys(faults)] as const;

/** Values of the address are looked up or counted, never shown as they are. */
export function Done(props: { done: Readonly<Record<string, string>> }) {
  const { done, review } = props.done;
  const word = done === undefined || !Object.hasOwn(words, done) ? undefined : words[done];
  const refused = Object.entries(faults).filter(([code]) => numberOf(props.done[code]) > 0);
  if (word === undefined) return null;
  const changed = numberOf(props.done.count);
  return (
    <Notice tone={refused.length > 0 ? "warn" : "good"}>
      <span>
        {props.done.count === undefined ? `The review was ${word}. ` : `${plural(changed, "review")} ${word}. `}
        {review !== undefined && idPattern.test(review) && <a href={`/console/reviews/${review}`}>Look at it again</a>}
      </span>
      {refused.map(([code, why]) => (
        <span>{`${plural(numberOf(props.done[code]), "review")} left as they were: ${why}.`}</span>
      ))}
    </Notice>
  );
}

function numberOf(text: string | undefined): number {
  return text !== undefined && /^\d{1,4}$/.test(text) ? Number(text) : 0;
}
