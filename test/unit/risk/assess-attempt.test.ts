import { expect, it } from "vitest";
import type { Decision } from "../../../api/domain/decision.ts";
import { assessAttempt } from "../../../api/risk/assess-attempt.ts";
import { riskFeatures } from "../../../models/features/risk.ts";
import { nothingKnown } from "../../../models/features/signals/measures.ts";
import type { RiskScore } from "../../../models/serving.ts";
import { ordinary } from "../models/synthetic.ts";

const decision: Decision = {
  ...{ valid: true, amount: 5000, discountAmount: 500, totalAmount: 4500, itemsDiscount: [], shippingDiscount: 0 },
  ...{ codes: [], automatic: [], exhaustive: true, takes: [] },
};

async function assessed(model: RiskScore) {
  const lines: string[] = [];
  const log = { error: (_: unknown, message: string) => void lines.push(message) };
  const input = { ...ordinary, known: { ...nothingKnown, device_shoppers_90d: 9 } };
  const deps = { pool: {}, log, models: { scoreRisk: () => model } } as unknown as Parameters<typeof assessAttempt>[0];
  const attempt = { projectId: "prj", riskVersion: null, decision, channel: "web", input: () => input };
  return { risk: await assessAttempt(deps, attempt), lines };
}

it("loses the model's reasons when they cannot be had, neither its score nor what rules say", async () => {
  const { risk, lines } = await assessed({
    score: 0.9,
    model: "risk@1",
    features: null,
    get reasons(): never {
      throw new RangeError("a contribution is not a number");
    },
  });
  expect(risk).toMatchObject({ action: "flag", model: "risk@1", rules: ["rul_shared_device"] });
  expect(risk.basis?.model_score).toBe(0.9);
  expect(Object.keys(risk.features ?? {})).toHaveLength(riskFeatures.features.length);
  expect(risk.reasons.map(({ feature }) => feature)).toEqual(["rule:rul_shared_device"]);
  expect(lines).toEqual(["a score could not be had"]);
});

it("keeps the model's reasons where it has some", async () => {
  const reasons = [{ feature: "codes_count", value: 2, contribution: 0.9, text: "Codes in one request: 2." }];
  const { risk, lines } = await assessed({ score: 0.9, model: "risk@1", features: null, reasons });
  expect(risk.reasons).toContainEqual(reasons[0]);
  expect(lines).toEqual([]);
});
