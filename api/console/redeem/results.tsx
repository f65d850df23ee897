/** Reasons and rewards in words, on the counter and on receipts. */
import type { ValidationWire } from "../../validations/check.ts";
import { count, money, Text } from "../format.tsx";

interface ReasonsProps {
  readonly reasons: readonly { readonly voucher_code?: string | undefined; readonly message: string }[];
}

/** Each once: two codes that fail alike say so twice, one code never does. */
export function Reasons(props: ReasonsProps) {
  const several = new Set(props.reasons.map((reason) => reason.voucher_code)).size > 1;
  return (
    <ul class="whys">
      {props.reasons.map((reason) => (
        <li>
          {several && reason.voucher_code !== undefined && (
            <strong>
              <Text value={reason.voucher_code} max={64} />
              {": "}
            </strong>
          )}
          <Text value={reason.message} max={500} />
        </li>
      ))}
    </ul>
  );
}

type Code = ValidationWire["codes"][number];
type Reward = Code["rewards"][number];

interface GivenProps {
  readonly codes: readonly Pick<Code, "code" | "discount_amount" | "rewards">[];
  readonly automatic: readonly Pick<Code, "discount_amount" | "rewards">[];
  readonly currency: string;
}

/** What each code gives. */
export function Given(props: GivenProps) {
  const { currency } = props;
  return (
    <ul class="plain-list given">
      {props.codes.map((code) => (
        <li>
          <span class="code">
            <Text value={code.code} max={64} />
          </span>{" "}
          {wordsOf(code.discount_amount, code.rewards, currency)}
        </li>
      ))}
      {props.automatic.map((one) => (
        <li>
          <span class="muted">by itself</span> {wordsOf(one.discount_amount, one.rewards, currency)}
        </li>
      ))}
    </ul>
  );
}

function wordsOf(discount: number, rewards: readonly Reward[], currency: string): string {
  const parts = [
    ...(discount > 0 ? [`${money(discount, currency)} off`] : []),
    ...rewards.flatMap((one) => extra(one, currency)),
  ];
  return parts.join(", ");
}

/** What a reward gives besides money off this order. */
function extra(reward: Reward, currency: string): string[] {
  if (reward.type === "points") return [`${count(reward.points ?? 0)} points`];
  if (reward.type === "free_item")
    return [`${reward.quantity ?? 1} × ${reward.item?.name ?? reward.item?.sku ?? "item"} free`];
  if (reward.type === "gift_credit") return [`${money(reward.amount ?? 0, currency)} credit`];
  if (reward.type === "voucher" || reward.type === "pool_voucher") {
    return [reward.issued_code === undefined ? "a voucher" : `a voucher: ${reward.issued_code}`];
  }
  return [];
}
