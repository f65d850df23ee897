/** Does one act through the API and notes what the service answered. */
import { type Answer, ApiError, type Call } from "../replay/client.ts";
import type { Act, AttackName, Checkout } from "./acts.ts";
import { type CampaignMark, currency } from "./shop.ts";

/** One try of one code. */
export interface Attempt {
  readonly at: number;
  readonly attack: AttackName | null;
  readonly episode: string | null;
  /** False: a code that does not exist. */
  readonly isRealCode: boolean;
  /** "braked": refused unread, because too many codes had been tried. */
  readonly outcome: "redeemed" | "held" | "rejected" | "braked";
  /** Of the redemption, reservation or rejection; null when braked. */
  readonly subject: string | null;
  readonly discountAmount: number;
  /** Of the request; null where the answer does not say. */
  readonly action: string | null;
}

export interface Performer {
  /** @throws ApiError for an answer that no shop would expect. */
  perform(act: Act): Promise<readonly Attempt[]>;
}

/** @param call must return 429 rather than repeat it: being slowed down is part of what is measured */
export function createPerformer(call: Call, campaigns: ReadonlyMap<CampaignMark, string>): Performer {
  const paid = new Map<string, Readonly<Record<string, unknown>>>();

  async function tryCode(act: Checkout, code: string, isRealCode: boolean): Promise<Attempt> {
    const answer = await call({
      method: "POST",
      path: "/v1/redemptions",
      idempotencyKey: `simulate/${act.orderId}/${code}`,
      body: {
        codes: [code],
        customer: { identifier: act.customer },
        order: { id: act.orderId, ...orderOf(act) },
        at: instant(act.at),
      },
    });
    const { at, attack, episode } = act;
    return { at, attack, episode, isRealCode, ...outcomeOf(answer) };
  }

  async function checkOut(act: Checkout): Promise<readonly Attempt[]> {
    const attempts: Attempt[] = [];
    for (const code of act.wrongCodes) attempts.push(await tryCode(act, code, false));
    const real = act.code === null ? null : await tryCode(act, act.code, true);
    if (real !== null) attempts.push(real);
    // Who comes for the discount goes without it; anybody else buys.
    const buys = act.pays && (act.attack === null || real === null || real.outcome === "redeemed");
    if (buys) {
      const order = { id: act.orderId, customer: { identifier: act.customer }, ...orderOf(act) };
      await accept(call, "/v1/orders", { ...order, status: "paid", occurred_at: instant(act.at + 1_000) });
      paid.set(act.orderId, order);
    }
    return attempts;
  }

  return {
    async perform(act) {
      switch (act.kind) {
        case "sign_up": {
          const path = `/v1/customers/${encodeURIComponent(act.customer)}`;
          await accept(call, path, { name: act.name, email: act.email, created_at: instant(act.at) }, "PUT");
          return [];
        }
        case "checkout":
          return checkOut(act);
        case "refund": {
          const order = paid.get(act.orderId);
          if (order !== undefined) {
            await accept(call, "/v1/orders", { ...order, status: "refunded", occurred_at: instant(act.at) });
          }
          return [];
        }
        case "referral_code": {
          const path = `/v1/campaigns/${campaigns.get("friends")}/referral-codes`;
          await accept(call, path, { customer: { identifier: act.customer }, code: act.code });
          return [];
        }
      }
    },
  };
}

function orderOf({ lines, origin }: Checkout) {
  return {
    currency,
    items: lines,
    channel: "web",
    shipping_address: origin.address,
    payment: { method: "card", fingerprint: origin.card },
    device: { id: origin.device, ip: origin.ip, user_agent: origin.userAgent },
  };
}

function outcomeOf({ status, body }: Answer): Pick<Attempt, "outcome" | "subject" | "discountAmount" | "action"> {
  if (status === 201) {
    const risk = body.risk as { readonly action: string };
    const discountAmount = Number(body.discount_amount);
    return { outcome: "redeemed", subject: String(body.id), discountAmount, action: risk.action };
  }
  if (status === 429) return { outcome: "braked", subject: null, discountAmount: 0, action: null };
  if (status !== 422 || body.code !== "redemption_rejected") {
    throw new ApiError(`POST /v1/redemptions: ${status} ${JSON.stringify(body)}`);
  }
  const held = body.reservation as { readonly id: string } | undefined;
  if (held !== undefined) return { outcome: "held", subject: held.id, discountAmount: 0, action: "hold" };
  return { outcome: "rejected", subject: String(body.rejection_id), discountAmount: 0, action: null };
}

async function accept(
  call: Call,
  path: string,
  body: Readonly<Record<string, unknown>>,
  method: "POST" | "PUT" = "POST",
) {
  const answer = await call({ method, path, body });
  if (answer.status >= 300) throw new ApiError(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
}

function instant(at: number): string {
  return new Date(at).toISOString();
}
