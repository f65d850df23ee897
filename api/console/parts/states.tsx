/** What state a thing is in; and what a page shows when there is nothing, or when it could not be asked. */
import type { Child } from "hono/jsx";

export type Tone = "good" | "warn" | "bad" | "accent" | "plain";

export function Badge(props: { tone?: Tone; children: Child }) {
  const { tone = "plain" } = props;
  return <span class={tone === "plain" ? "badge" : `badge ${tone}`}>{props.children}</span>;
}

/** The words of all resources' states. What is not here is plain. */
const tones: Readonly<Record<string, Tone>> = {
  active: "good",
  done: "good",
  delivered: "good",
  sent: "good",
  succeeded: "good",
  redeemed: "good",
  enabled: "good",
  running: "accent",
  distributed: "accent",
  queued: "accent",
  reserved: "accent",
  draft: "plain",
  paused: "warn",
  skipped: "warn",
  held: "warn",
  retrying: "warn",
  expired: "warn",
  failed: "bad",
  bounced: "bad",
  disabled: "bad",
  revoked: "bad",
  blocked: "bad",
};

/** The word says it; the colour only repeats it. */
export function StatusBadge(props: { status: string }) {
  return <Badge tone={tones[props.status] ?? "plain"}>{props.status.replaceAll("_", " ")}</Badge>;
}

/** A list without anything in it: why, and what to do about it. */
export function Empty(props: { title: string; text?: string; children?: Child }) {
  return (
    <div class="empty">
      <p class="strong">{props.title}</p>
      {props.text && <p>{props.text}</p>}
      {props.children && <p class="row">{props.children}</p>}
    </div>
  );
}

/** A part of a page that could not be asked for; the rest of the page stands. */
export function Unavailable(props: { what: string }) {
  return (
    <p class="notice warn" role="status">
      {`${props.what} cannot be read at the moment. The rest of the page is not affected; load it again in a minute.`}
    </p>
  );
}
