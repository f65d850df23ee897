/** What the anomaly model is told of one redemption or rejection. Money in minor units, times in seconds, counts over the customer's past. */
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
  /** Null for a customer never seen before. */
  readonly customerAgeSeconds: number | null;
  readonly redemptionsLastHour: number;
  readonly redemptionsLastDay: number;
  readonly rejectionsLastHour: number;
  readonly secondsSinceLastRedemption: number | null;
}
