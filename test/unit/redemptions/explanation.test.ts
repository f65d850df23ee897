import { expect, it } from "vitest";
import { explanationOf } from "../../../api/redemptions/explanation.ts";

it("ends each line with one full stop, whether the reasons' messages bring one or not", () => {
  const refused = (message: string) => ({
    code: "SALE",
    campaign_id: null,
    applicable: false,
    discount_amount: 0,
    reasons: [{ message }],
  });
  const codes = ["This code has expired", "This code cannot be used.", "Not today!"].map(refused);
  expect(explanationOf({ codes }, [], "EUR")).toEqual([
    "Code SALE does not apply: This code has expired.",
    "Code SALE does not apply: This code cannot be used.",
    "Code SALE does not apply: Not today!",
  ]);
});
