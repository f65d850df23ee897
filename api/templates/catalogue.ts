/** What templates may speak of. Everything is always there, null where it is not known, but for what shops name themselves. */

/** By name; null: its fields are the shop's own. */
export const variableFields: ReadonlyMap<string, readonly string[] | null> = new Map([
  ["customer", ["identifier", "name", "email", "phone", "birthday", "attributes", "tags"]],
  ["voucher", ["code", "kind", "expires_at", "balance_amount", "currency"]],
  ["campaign", ["id", "name", "currency", "customer_information", "ends_at"]],
  ["order", null],
  ["properties", null],
  ["unsubscribe_url", []],
  ["language", []],
  ["time_zone", []],
] as const);

export interface Sources {
  readonly customer: {
    readonly identifier: string;
    readonly name: string | null;
    readonly email: string | null;
    readonly phone: string | null;
    readonly birthday: string | null;
    readonly attributes: Readonly<Record<string, unknown>>;
    readonly tags: Readonly<Record<string, readonly string[]>>;
  };
  readonly published?:
    | {
        readonly campaign_id: string | null;
        readonly campaign_name: string | null;
        readonly code: string | null;
        readonly kind: string | null;
        readonly currency: string | null;
        readonly expires_at: Date | null;
        readonly ends_at: Date | null;
        readonly balance_amount: number | null;
        readonly customer_information: string | null;
      }
    | undefined;
  /** Of the order of the delivery: may say voucher and campaign itself where there is no publication. */
  readonly given: Readonly<Record<string, unknown>>;
  readonly unsubscribeUrl: string | null;
}

export function variablesOf({ customer, published, given, unsubscribeUrl }: Sources): Record<string, unknown> {
  const { identifier, name, email, phone, birthday, attributes, tags } = customer;
  return {
    customer: { identifier, name, email, phone, birthday, attributes, tags },
    voucher: {
      ...{ code: null, kind: null, expires_at: null, balance_amount: null, currency: null },
      ...objectOf(given.voucher),
      ...(published && {
        code: published.code,
        kind: published.kind,
        expires_at: published.expires_at?.toISOString() ?? null,
        balance_amount: published.balance_amount,
        currency: published.currency,
      }),
    },
    campaign: {
      ...{ id: null, name: null, currency: null, customer_information: null, ends_at: null },
      ...objectOf(given.campaign),
      ...(published && {
        id: published.campaign_id,
        name: published.campaign_name,
        currency: published.currency,
        customer_information: published.customer_information,
        ends_at: published.ends_at?.toISOString() ?? null,
      }),
    },
    order: objectOf(given.order),
    properties: objectOf(given.properties),
    unsubscribe_url: unsubscribeUrl ?? "",
  };
}

function objectOf(value: unknown): object {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}
