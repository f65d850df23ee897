/** Why a score is what it is: what each feature adds to it or takes from it, the largest first. */
import type { ReviewWire } from "../../reviews/schemas.ts";
import { Text } from "../format.tsx";

const shownMax = 12;

export function Reasons(props: { reasons: ReviewWire["reasons"]; rules: readonly string[] }) {
  const ordered = [...props.reasons].sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
  const largest = Math.max(1e-9, ...ordered.map((reason) => Math.abs(reason.contribution)));
  if (ordered.length === 0) {
    return <p class="muted">No reason was recorded{props.rules.length > 0 && ": a rule alone decided"}.</p>;
  }
  return (
    <>
      <ul class="reasons">
        {ordered.slice(0, shownMax).map((reason) => (
          <li>
            <span>
              <Text value={reason.text} />
              {reason.feature.startsWith("rule:") && <span class="badge"> your rule</span>}
            </span>
            <Bar share={reason.contribution / largest} />
            <span class="right number muted">{`${reason.contribution < 0 ? "−" : "+"}${Math.abs(reason.contribution).toFixed(2)}`}</span>
          </li>
        ))}
      </ul>
      {ordered.length > shownMax && (
        <p class="small muted">{`${ordered.length - shownMax} smaller ones are not shown.`}</p>
      )}
    </>
  );
}

/** To the right what raises the risk, to the left what lowers it. */
function Bar(props: { share: number }) {
  const width = Math.max(1, Math.abs(props.share) * 50);
  return (
    <svg class="reason-bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
      <rect
        class={props.share < 0 ? "down" : "up"}
        x={props.share < 0 ? 50 - width : 50}
        y="0"
        width={width}
        height="8"
      />
      <line class="axis" x1="50" x2="50" y1="0" y2="8" />
    </svg>
  );
}
