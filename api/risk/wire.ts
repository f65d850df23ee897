/** What callers are shown of an assessment. */
import { z } from "zod";
import type { RiskPart } from "../../ingest/events/parts.ts";
import { otherFeatures, type RiskAssessment, ruleMark } from "./assess.ts";
import { type RiskAction, riskActions } from "./policy.ts";

export interface WireRisk {
  readonly score: number | null;
  readonly action: RiskAction;
  readonly reasons: string[];
}

const sentencesMax = 3;

export function wireRisk({ score, action, reasons }: Pick<RiskAssessment, "score" | "action" | "reasons">): WireRisk {
  return { score, action, reasons: action === "allow" ? [] : sentences(reasons) };
}

type Reasons = RiskAssessment["reasons"];

/**
 * What speaks against it, the strongest first: a rule may flag without adding to the score, and of a high one it adds
 * little, so one that fired is always among them.
 */
function sentences(reasons: Reasons): string[] {
  const isRule = ({ feature }: Reasons[number]) => feature.startsWith(ruleMark);
  const against = reasons.filter((one) => one.contribution > 0 || isRule(one));
  const named = against.filter(({ feature }) => feature !== otherFeatures);
  const first = (named.length > 0 ? named : against).slice(0, sentencesMax);
  const rule = named.find(isRule);
  const told = rule === undefined || first.includes(rule) ? first : [...first.slice(0, -1), rule];
  return [...new Set(told.map(({ text }) => text))];
}

const reason = z.object({ feature: z.string(), value: z.number(), contribution: z.number(), text: z.string() });
const stored = z.object({
  score: z.number().nullable(),
  action: z.enum(riskActions),
  reasons: z.array(z.union([z.string(), reason])),
});

/** Of a row. Assessments from before there were contributions have sentences for reasons. */
export function wireOfStored(risk: unknown): WireRisk {
  const { score, action, reasons } = stored.parse(risk);
  const told = reasons.map((one) =>
    typeof one === "string" ? { feature: "", value: 0, contribution: 1, text: one } : one,
  );
  return wireRisk({ score, action, reasons: told });
}

/** Who tries what passes must not learn how close they came: keys of the checkout are told no more than the answer was. */
export function blandRisk(risk: WireRisk): WireRisk {
  return risk.action === "hold" || risk.action === "reject" ? { score: null, action: risk.action, reasons: [] } : risk;
}

export function eventRisk(risk: RiskAssessment): RiskPart {
  return {
    score: risk.score,
    action: risk.action,
    model: risk.model,
    features: risk.features === null ? null : { ...risk.features },
    reasons: [...risk.reasons],
    rules: [...risk.rules],
    ...(risk.shadow === null ? {} : { shadow: { ...risk.shadow, rules: [...risk.shadow.rules] } }),
  };
}
