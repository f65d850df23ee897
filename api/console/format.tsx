/** Figures, times and texts as the console writes them. */
import { minorDigits } from "../domain/money.ts";

const moments = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  timeZone: "UTC",
});
const clocks = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "UTC" });
const counts = new Intl.NumberFormat("en");

/** @param amount in minor units, as ISO 4217 defines them. */
export function money(amount: number, currency: string): string {
  if (!/^[A-Z]{3}$/.test(currency)) return counts.format(amount);
  const digits = minorDigits(currency);
  const style = { style: "currency", currency, minimumFractionDigits: digits, maximumFractionDigits: digits } as const;
  return new Intl.NumberFormat("en", style).format(amount / 10 ** digits);
}

export function count(value: number): string {
  return counts.format(value);
}

export function percent(share: number | null): string {
  return share === null ? "–" : `${(share * 100).toFixed(share >= 0.995 || share < 0.0005 ? 0 : 1)} %`;
}

/** "6 accounts", "1 account". */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${counts.format(value)} ${value === 1 ? one : many}`;
}

const units = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
] as const;

/** The largest unit that fits: "3 d", "40 min", "now". */
export function span(seconds: number): string {
  for (const [size, unit] of units) if (seconds >= size) return `${Math.floor(seconds / size)} ${unit}`;
  return "now";
}

export function Moment(props: { at: string }) {
  const date = new Date(props.at);
  return <time datetime={date.toISOString()}>{`${moments.format(date)} UTC`}</time>;
}

export function clock(at: string): string {
  return `${clocks.format(new Date(at))} UTC`;
}

/** Marks that turn the text around them, and what is no character at all, are shown as what they are. */
function visible(text: string): string {
  return text.replace(/[\p{Cc}\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/gu, "\ufffd");
}

/** It ends where nobody reads on. */
export function shortened(text: string, max: number): string {
  const letters = [...visible(text)];
  return letters.length > max ? `${letters.slice(0, max - 1).join("")}…` : letters.join("");
}

const textMax = 200;

/** Somebody else's text: it keeps its direction to itself. */
export function Text(props: { value: string; max?: number }) {
  return <bdi>{shortened(props.value, props.max ?? textMax)}</bdi>;
}

/** A note: lines are kept. */
export function Note(props: { value: string }) {
  return (
    <blockquote>
      <bdi>{props.value.split("\n").map(visible).join("\n")}</bdi>
    </blockquote>
  );
}

function tone(score: number | null): "good" | "warn" | "bad" {
  if (score === null || score < 0.5) return "good";
  return score < 0.8 ? "warn" : "bad";
}

/** A number from 0 to 1 with a bar: the colour says nothing that the number does not. */
export function Score(props: { value: number | null }) {
  if (props.value === null) return <span class="muted">no score</span>;
  return (
    <span class={`score ${tone(props.value)}`}>
      <span class="number">{props.value.toFixed(2)}</span>
      <svg class="score-bar" viewBox="0 0 52 8" preserveAspectRatio="none" aria-hidden="true">
        <rect class="track" width="52" height="8" rx="4" />
        <rect class="fill" width={String(Math.max(2, 52 * props.value))} height="8" rx="4" />
      </svg>
    </span>
  );
}
