/** Work in the background: how far it is, told again by itself while it goes on. */
import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import { count, plural } from "../format.tsx";

interface ProgressProps {
  readonly done: number;
  readonly of: number;
  /** What is counted: "code". */
  readonly unit: string;
  readonly running: boolean;
  readonly children?: Child;
}

/**
 * A script asks for the page again and puts in what changed; without one the browser loads the page again. It needs
 * `Frame`'s script `progress.js`, and a policy that lets it ask.
 */
export function Progress(props: ProgressProps) {
  const { done, of, unit, running } = props;
  const share = of === 0 ? (running ? 0 : 1) : Math.min(1, done / of);
  return (
    <section class="card" id="progress" data-running={running ? "yes" : undefined} aria-live="polite">
      {/* Written as it is: an element of this name would be lifted out into the head, and hold for everybody. */}
      {running && <noscript>{raw('<meta http-equiv="refresh" content="2" />')}</noscript>}
      <p class="to-pay">
        <span class="number">{count(done)}</span>
        {` of ${plural(of, unit)}`}
      </p>
      <svg
        class="meter"
        viewBox="0 0 100 4"
        preserveAspectRatio="none"
        role="img"
        aria-label={`${Math.floor(share * 100)} %`}
      >
        <rect class="meter-track" width="100" height="4" rx="2" />
        <rect class="meter-done" width={String(share * 100)} height="4" rx="2" />
      </svg>
      {props.children}
    </section>
  );
}
