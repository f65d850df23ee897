/** The stored trace of a decision in plain language, for people who ask why. */
import type { Trace } from "../domain/decision.ts";
import { formatMoney } from "../domain/money.ts";
import { narrate, narrationLines } from "../domain/rules/narrate.ts";

/** What an answer says of one code, or of one automatic campaign. */
interface Told {
  readonly code?: string;
  readonly campaign_id: string | null;
  readonly applicable?: boolean;
  readonly discount_amount: number;
  readonly reasons?: readonly { readonly message: string }[];
}

interface Answer {
  readonly codes: readonly Told[];
  readonly automatic?: readonly Told[];
}

/** @param traces one entry a code, then one an automatic campaign, in the order of the answer. */
export function explanationOf(answer: unknown, traces: unknown, currency: string): string[] {
  const { codes, automatic = [] } = answer as Answer;
  return [...codes, ...automatic].flatMap((told, index) => {
    const trees = (traces as readonly Readonly<Record<string, Trace>>[])[index] ?? {};
    return [headline(told, currency), ...Object.entries(trees).flatMap(([name, trace]) => tree(name, trace, currency))];
  });
}

function headline(told: Told, currency: string): string {
  const subject = told.code === undefined ? `Campaign ${told.campaign_id}` : `Code ${told.code}`;
  if (told.applicable === false) {
    const why = (told.reasons ?? []).map((reason) => reason.message).join("; ");
    const said = why === "" ? "another code of the order did not" : why;
    return `${subject} does not apply: ${said}${/[.!?]$/.test(said) ? "" : "."}`;
  }
  return `${subject} applies and takes ${formatMoney(told.discount_amount, currency)} off.`;
}

const names: Readonly<Record<string, string>> = {
  campaign: "The campaign's rules",
  parent: "The main campaign's rules",
  voucher: "The voucher's rules",
  limits: "Limits",
};

function tree(name: string, trace: Trace, currency: string): string[] {
  const [kind, number] = name.split("/");
  const title = kind === "reward" ? `The condition of reward ${Number(number) + 1}` : (names[name] ?? name);
  return [`  ${title}`, ...narrationLines(narrate(trace, currency)).map((line) => `    ${line}`)];
}
