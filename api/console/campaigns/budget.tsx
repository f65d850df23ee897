import type { CampaignWire } from "../../campaigns/schemas.ts";
import { money, percent } from "../format.tsx";

type Budgeted = Pick<CampaignWire, "budget_amount" | "currency" | "usage">;

/** How much of the budget is used: a number with a bar, which says nothing that the number does not. */
export function Budget(props: { campaign: Budgeted }) {
  const { budget_amount: budget, usage, currency } = props.campaign;
  if (budget === null) return <span class="muted">none</span>;
  const share = budget === 0 ? 1 : usage.discount_amount / budget;
  const tone = share >= 1 ? "bad" : share >= 0.8 ? "warn" : "good";
  return (
    <span class={`score ${tone}`}>
      <span class="number">
        {percent(share)} <span class="muted">of {money(budget, currency)}</span>
      </span>
      <svg class="score-bar" viewBox="0 0 52 8" preserveAspectRatio="none" aria-hidden="true">
        <rect class="track" width="52" height="8" rx="4" />
        <rect class="fill" width={String(Math.max(1, 52 * Math.min(share, 1)))} height="8" rx="4" />
      </svg>
    </span>
  );
}
