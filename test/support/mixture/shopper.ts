/** What shoppers do, at random: redeem, reserve, confirm, cancel, roll back whole and in part, and ask twice at once. */
import type { Call, RawAnswer } from "../caller.ts";
import type { Random } from "./random.ts";
import type { Shop } from "./shop.ts";

export type Deed = "redeem" | "reserve" | "confirm" | "cancel" | "rollback";

export interface Entry {
  readonly deed: Deed;
  readonly call: Call;
  readonly answer: RawAnswer;
}

/** Everything that was asked and answered, and what shoppers know of each other's redemptions. */
export class Journal {
  readonly entries: Entry[] = [];
  readonly redeemed: { id: string; discount: number; lines: number }[] = [];
  #serial = 0;

  /** Unique within one journal. */
  name(prefix: string): string {
    this.#serial += 1;
    return `${prefix}-${this.#serial}`;
  }

  write(deed: Deed, call: Call, answer: RawAnswer): void {
    this.entries.push({ deed, call, answer });
    if ((deed === "redeem" || deed === "confirm") && answer.status === 201) {
      const { id, discount_amount, order } = JSON.parse(answer.text);
      this.redeemed.push({ id, discount: discount_amount, lines: order.items.length });
    }
  }
}

/** @param twin which of two simultaneous askers with the same key it is, so that they meet in different processes. */
export type Ask = (call: Call, twin?: number) => Promise<RawAnswer>;

export interface Shopper {
  readonly shop: Shop;
  readonly journal: Journal;
  readonly ask: Ask;
  readonly random: Random;
}

/** @param more asked before each deed, with the number of those done. */
export async function shopAtRandom(shopper: Shopper, more: (done: number) => boolean): Promise<void> {
  const { random } = shopper;
  for (let done = 0; more(done); done++) {
    const dice = random.below(100);
    if (dice < 45) await redeem(shopper);
    else if (dice < 70) await reserve(shopper);
    else if (dice < 80) await redeemTwice(shopper);
    else await rollBack(shopper);
  }
}

async function perform(shopper: Shopper, deed: Deed, call: Call): Promise<RawAnswer> {
  const answer = await shopper.ask(call);
  shopper.journal.write(deed, call, answer);
  return answer;
}

function redemption({ shop, journal, random }: Shopper): Call {
  return {
    method: "POST",
    path: "/v1/redemptions",
    idempotencyKey: journal.name("redeem"),
    body: { ...customerOf(shop, journal, random), ...basket(shop, journal, random) },
  };
}

/** Mostly somebody known; sometimes a guest, sometimes somebody who was never here. */
function customerOf(shop: Shop, journal: Journal, random: Random): object {
  if (random.chance(0.05)) return {};
  const identifier = random.chance(0.1) ? journal.name("newcomer") : random.one(shop.customers);
  return { customer: { identifier } };
}

function basket(shop: Shop, journal: Journal, random: Random): object {
  const codes = new Set(Array.from({ length: 1 + random.below(3) }, () => random.one(random.one(shop.promotions))));
  const items = Array.from({ length: 1 + random.below(3) }, (_, line) => ({
    sku: `sku-${line}`,
    quantity: 1 + random.below(3),
    unit_amount: 500 + 100 * random.below(40),
    categories: ["things"],
  }));
  return {
    codes: [...codes],
    order: {
      // Some orders are fought over.
      id: random.chance(0.1) ? `shared-${random.below(20)}` : journal.name("order"),
      currency: "EUR",
      items,
      shipping_amount: 490,
    },
  };
}

async function redeem(shopper: Shopper): Promise<void> {
  await perform(shopper, "redeem", redemption(shopper));
}

/** Both with the same key at the same moment: one result, the same to the byte. */
async function redeemTwice(shopper: Shopper): Promise<void> {
  const call = redemption(shopper);
  const [first, second] = await Promise.all([shopper.ask(call, 0), shopper.ask(call, 1)]);
  if (first.status !== second.status || first.text !== second.text) {
    throw new Error(
      `twins were told different things: ${first.status} ${first.text} | ${second.status} ${second.text}`,
    );
  }
  shopper.journal.write("redeem", call, first);
}

async function reserve(shopper: Shopper): Promise<void> {
  const { journal, random } = shopper;
  const { body } = redemption(shopper);
  // One that nobody confirms in time is swept, or is found to be over when somebody comes.
  const ttl_seconds = random.chance(0.2) ? 1 : 600;
  const held = await perform(shopper, "reserve", {
    method: "POST",
    path: "/v1/reservations",
    idempotencyKey: journal.name("reserve"),
    body: { ...body, ttl_seconds },
  });
  if (held.status !== 201) return;
  const path = `/v1/reservations/${JSON.parse(held.text).id}`;
  const dice = random.below(10);
  if (dice < 6) {
    const call = {
      method: "POST",
      path: `${path}/confirm`,
      idempotencyKey: journal.name("confirm"),
      body: {},
    } as const;
    await perform(shopper, "confirm", call);
  } else if (dice < 9) {
    await perform(shopper, "cancel", { method: "DELETE", path });
  }
}

async function rollBack(shopper: Shopper): Promise<void> {
  const { journal, random } = shopper;
  if (journal.redeemed.length === 0) return redeem(shopper);
  const { id, discount, lines } = random.one(journal.redeemed);
  const part = random.below(3);
  const body =
    part === 0
      ? {}
      : part === 1
        ? { amount: 1 + random.below(Math.max(1, discount)) }
        : { items: [{ index: random.below(lines), quantity: 1 }] };
  await perform(shopper, "rollback", {
    method: "POST",
    path: `/v1/redemptions/${id}/rollback`,
    idempotencyKey: journal.name("rollback"),
    body,
  });
}
