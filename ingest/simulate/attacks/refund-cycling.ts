import type { Act } from "../acts.ts";
import { codes } from "../shop.ts";
import { type Attack, beginning, checkout, hourMs, makeAccount, newOrigin, open } from "./stage.ts";

/** Buys dear things with a discount and sends nearly all of it back, again and again. */
export const cycleRefunds: Attack = (stage) => {
  const { draw } = stage.season;
  const account = makeAccount(stage);
  const origin = newOrigin(stage);
  const { identifier: customer } = account;
  let at = beginning(stage, 9);
  const acts: Act[] = [open(stage, account, at - draw.whole(20, 300) * 24 * hourMs)];
  const rounds = draw.whole(5, 10);
  for (let nth = 0; nth < rounds; nth += 1) {
    at += draw.whole(6, 20) * hourMs;
    const detail = { at, customer, nth, origin, code: draw.pick([codes.newsletter, codes.service, codes.newsletter]) };
    acts.push(checkout(stage, detail));
    if (draw.chance(0.85)) {
      acts.push({
        kind: "refund",
        at: at + draw.whole(1, 5) * hourMs,
        actor: stage.episode,
        attack: stage.attack,
        episode: stage.episode,
        customer,
        orderId: `${customer}-x${nth}`,
      });
    }
  }
  return acts;
};
