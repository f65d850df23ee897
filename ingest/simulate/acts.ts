/** What somebody does at the shop. Instants in epoch milliseconds, money in minor units. */

export const attackNames = [
  "code_guessing",
  "leaked_code",
  "multi_accounting",
  "refund_cycling",
  "self_referral",
  "friendly_abuse",
] as const;
export type AttackName = (typeof attackNames)[number];

/** Where a checkout comes from. */
export interface Origin {
  readonly device: string;
  readonly userAgent: string;
  readonly ip: string;
  readonly card: string;
  readonly address: string;
}

export interface Line {
  readonly sku: string;
  readonly quantity: number;
  readonly unit_amount: number;
  readonly categories: readonly string[];
}

interface Common {
  readonly at: number;
  /** What one actor does happens one after another, and the service has seen each before the next. */
  readonly actor: string;
  /** Null: honest. */
  readonly attack: AttackName | null;
  /** One run of an attack; null: honest. */
  readonly episode: string | null;
}

interface SignUp extends Common {
  readonly kind: "sign_up";
  readonly customer: string;
  readonly email: string;
  readonly name: string;
}

export interface Checkout extends Common {
  readonly kind: "checkout";
  readonly customer: string;
  readonly orderId: string;
  readonly lines: readonly Line[];
  readonly origin: Origin;
  /** Codes that do not exist, tried before the right one. */
  readonly wrongCodes: readonly string[];
  /** Null: an order without a code, or guesses only. */
  readonly code: string | null;
  /** Whether the order is paid: guesses alone leave the basket. */
  readonly pays: boolean;
}

interface Refund extends Common {
  readonly kind: "refund";
  readonly customer: string;
  readonly orderId: string;
}

interface ReferralCode extends Common {
  readonly kind: "referral_code";
  readonly customer: string;
  readonly code: string;
}

export type Act = SignUp | Checkout | Refund | ReferralCode;
