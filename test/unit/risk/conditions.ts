/** Arbitrary conditions and what they see. */
import fc from "fast-check";
import { type Condition, comparisons, type Seen } from "../../../api/risk/condition.ts";

const names = ["device_shoppers_90d", "account_age_days", "code_burst"];
/** Few values, so that comparisons meet their borders. */
const number = fc.constantFrom(-1.5, 0, 0.1, 1, 2, 3, 4.25);

const numberLeaf = fc
  .tuple(fc.constantFrom(...names, "order.amount"), fc.constantFrom(...comparisons), number, number)
  .map(([on, op, a, b]): Condition => {
    if (op === "between") return { on, op, value: [Math.min(a, b), Math.max(a, b)] };
    return { on, op, value: op === "any_of" || op === "none_of" ? [a, b] : a };
  });

const textLeaf = fc
  .tuple(
    fc.constantFrom("campaign_id", "order.channel"),
    fc.constantFrom("equals", "not_equals", "any_of", "none_of"),
    fc.constantFrom("cam_a", "cam_b", "web"),
  )
  .map(
    ([on, op, text]): Condition => ({
      on,
      op: op as "equals",
      value: op.endsWith("_of") ? [text, "cam_c"] : text,
    }),
  );

export const anyCondition: fc.Arbitrary<Condition> = fc.letrec<{ tree: Condition }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    numberLeaf,
    textLeaf,
    fc
      .tuple(fc.constantFrom("all", "any", "none"), fc.array(tie("tree"), { minLength: 1, maxLength: 3 }))
      .map(([key, children]) => ({ [key]: children }) as unknown as Condition),
  ),
})).tree;

export const anySeen: fc.Arbitrary<Seen> = fc.record({
  features: fc.dictionary(fc.constantFrom(...names), number, { maxKeys: 3 }),
  campaignIds: fc.uniqueArray(fc.constantFrom("cam_a", "cam_b", "cam_c"), { maxLength: 2 }),
  amount: fc.constantFrom(0, 1, 2, 3),
  channel: fc.constantFrom("", "web", "app"),
});
