/** What the anomaly model is told of one redemption or rejection. Money in minor units, times in seconds, counts over the customer's past. */
import { type Feature, featureSet } from "./feature.ts";

export interface RiskInput {
  readonly orderAmount: number;
  readonly discountAmount: number;
  readonly linesCount: number;
  readonly itemsQuantity: number;
  readonly maxUnitAmount: number;
  readonly codesCount: number;
  /** 0 to 23, UTC. */
  readonly hourOfDay: number;
  readonly isGuest: boolean;
  readonly redemptionsLastHour: number;
  readonly redemptionsLastDay: number;
  readonly rejectionsLastHour: number;
  readonly secondsSinceLastRedemption: number | null;
}

const day = 86_400;
const hourAngle = Math.PI / 12;

const features: readonly Feature<RiskInput>[] = [
  {
    name: "order_amount",
    sql: "order_amount",
    value: (input) => input.orderAmount,
    default: 0,
    scale: "log1p",
    text: (value, usual) => `The basket of ${money(value)} is ${compared(value, usual)} (about ${money(usual)}).`,
  },
  {
    name: "discount_amount",
    sql: "discount_amount",
    value: (input) => input.discountAmount,
    default: 0,
    scale: "log1p",
    text: (value, usual) => `The discount of ${money(value)} is ${compared(value, usual)} (about ${money(usual)}).`,
  },
  {
    name: "discount_share",
    sql: "if(order_amount = 0, null, discount_amount / order_amount)",
    value: (input) => (input.orderAmount === 0 ? null : input.discountAmount / input.orderAmount),
    default: 0,
    scale: "none",
    text: (value, usual) => `The discount is ${percent(value)} of the basket; usual is ${percent(usual)}.`,
  },
  {
    name: "lines_count",
    sql: "lines_count",
    value: (input) => input.linesCount,
    default: 1,
    scale: "log1p",
    text: (value, usual) => `Lines in the basket: ${value}; usual is ${usual}.`,
  },
  {
    name: "items_quantity",
    sql: "items_quantity",
    value: (input) => input.itemsQuantity,
    default: 1,
    scale: "log1p",
    text: (value, usual) => `Items in the basket: ${value}; usual is ${usual}.`,
  },
  {
    name: "max_unit_amount",
    sql: "max_unit_amount",
    value: (input) => input.maxUnitAmount,
    default: 0,
    scale: "log1p",
    text: (value, usual) => `The dearest item at ${money(value)} is ${compared(value, usual)} (about ${money(usual)}).`,
  },
  {
    name: "codes_count",
    sql: "codes_count",
    value: (input) => input.codesCount,
    default: 1,
    scale: "log1p",
    text: (value, usual) => `${value} codes in one request; usual is ${usual}.`,
  },
  {
    name: "hour_sin",
    sql: "sin(hour_of_day * pi() / 12)",
    value: (input) => Math.sin(input.hourOfDay * hourAngle),
    default: 0,
    scale: "none",
    text: () => "The time of day is unusual.",
  },
  {
    name: "hour_cos",
    sql: "cos(hour_of_day * pi() / 12)",
    value: (input) => Math.cos(input.hourOfDay * hourAngle),
    default: 0,
    scale: "none",
    text: () => "The time of day is unusual.",
  },
  {
    name: "is_guest",
    sql: "is_guest",
    value: (input) => (input.isGuest ? 1 : 0),
    default: 0,
    scale: "none",
    text: (value) => (value === 1 ? "The shopper is not known." : "The shopper is known, where most are not."),
  },
  {
    name: "redemptions_last_hour",
    sql: "redemptions_last_hour",
    value: (input) => input.redemptionsLastHour,
    default: 0,
    scale: "log1p",
    text: (value, usual) => `${value} redemptions by this customer in the last hour; usual is ${usual}.`,
  },
  {
    name: "redemptions_last_day",
    sql: "redemptions_last_day",
    value: (input) => input.redemptionsLastDay,
    default: 0,
    scale: "log1p",
    text: (value, usual) => `${value} redemptions by this customer in the last 24 hours; usual is ${usual}.`,
  },
  {
    name: "rejections_last_hour",
    sql: "rejections_last_hour",
    value: (input) => input.rejectionsLastHour,
    default: 0,
    scale: "log1p",
    text: (value, usual) => `${value} refused attempts by this customer in the last hour; usual is ${usual}.`,
  },
  {
    name: "days_since_last_redemption",
    sql: `seconds_since_last_redemption / ${day}`,
    value: (input) => (input.secondsSinceLastRedemption === null ? null : input.secondsSinceLastRedemption / day),
    // A customer who never redeemed is treated as one who did two years ago.
    default: 730,
    scale: "log1p",
    text: (value, usual) =>
      `The customer's last redemption was ${value.toFixed(1)} days ago; usual is ${usual.toFixed(1)} days.`,
  },
];

export const riskFeatures = featureSet("risk", features);

function money(minor: number): string {
  return (minor / 100).toFixed(2);
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function compared(value: number, usual: number): string {
  if (usual <= 0) return "higher than usual";
  const ratio = value / usual;
  if (ratio >= 2) return `${ratio.toFixed(ratio < 10 ? 1 : 0)} times the usual`;
  if (ratio > 1) return "above the usual";
  return ratio < 0.5 ? "far below the usual" : "below the usual";
}
