import type { ReviewDetailWire } from "../../reviews/schemas.ts";
import { Moment, Note, Text } from "../format.tsx";

type Entry = ReviewDetailWire["timeline"][number];

const words: Readonly<Record<Entry["kind"], string>> = {
  opened: "Came into the queue",
  rescored: "Was scored again",
  amount_changed: "The amount at risk changed",
  assigned: "Taken",
  released: "Given back",
  noted: "Note",
  held: "Held",
  confirmed: "Confirmed as fraud",
  dismissed: "Dismissed",
  closed: "Closed by itself",
  settled: "The hold was settled",
  reopened: "Opened again",
  claw_back_started: "Claw-back began",
  claw_back_done: "Clawed back",
  claw_back_undone: "Claw-back undone",
};

export function Timeline(props: { review: ReviewDetailWire }) {
  return (
    <ol class="timeline">
      {props.review.timeline.map((entry) => (
        <li>
          <span class="strong">{words[entry.kind]}</span>
          {entry.actor !== null && (
            <>
              {" by "}
              <Text value={entry.actor.name ?? entry.actor.id} max={60} />
            </>
          )}
          <br />
          <span class="small muted">
            <Moment at={entry.at} />
            {scoreOf(entry)}
          </span>
          {entry.note !== null && <Note value={entry.note} />}
        </li>
      ))}
    </ol>
  );
}

function scoreOf({ data }: Entry): string {
  return typeof data.score === "number" ? ` · score ${data.score.toFixed(2)}` : "";
}
