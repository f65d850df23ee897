import { describe, expect, it } from "vitest";
import { otherFeatures, ruleMark } from "../../../api/risk/assess.ts";
import { wireRisk } from "../../../api/risk/wire.ts";

const reason = (feature: string, contribution: number) => ({ feature, value: 1, contribution, text: `${feature}.` });

describe("the reasons that an answer gives for a flag", () => {
  const features = [reason("a", 0.5), reason("b", 0.2), reason("c", 0.1), reason("d", 0.05)];

  it("are the three that count most, and not that there were others", () => {
    const reasons = [reason("a", 0.4), reason(otherFeatures, 0.3), reason("b", 0.2), reason("against", -0.2)];
    expect(wireRisk({ score: 0.9, action: "flag", reasons }).reasons).toEqual(["a.", "b."]);
    expect(wireRisk({ score: 0.9, action: "flag", reasons: features }).reasons).toEqual(["a.", "b.", "c."]);
  });

  it("name a rule that fired, however little it added to a high score", () => {
    const reasons = [...features, reason(`${ruleMark}large`, 0.02), reason(`${ruleMark}small`, 0.01)];
    expect(wireRisk({ score: 0.99, action: "flag", reasons }).reasons).toEqual(["a.", "b.", "rule:large."]);
    const first = [reason(`${ruleMark}large`, 0.9), ...features];
    expect(wireRisk({ score: 0.99, action: "flag", reasons: first }).reasons).toEqual(["rule:large.", "a.", "b."]);
  });

  it("are that there were others where nothing else speaks against it, and none where it is allowed", () => {
    const reasons = [reason(otherFeatures, 0.3)];
    expect(wireRisk({ score: 0.9, action: "flag", reasons }).reasons).toEqual([`${otherFeatures}.`]);
    expect(wireRisk({ score: 0.9, action: "allow", reasons }).reasons).toEqual([]);
  });
});
