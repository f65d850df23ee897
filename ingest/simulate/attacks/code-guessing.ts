import { codes } from "../shop.ts";
import { type Attack, beginning, checkout, makeAccount, minuteMs, newOrigin, open } from "./stage.ts";

/** A script tries codes of the personal coupons' form from one machine, some a minute, and buys with one that it finds. */
export const guessCodes: Attack = (stage) => {
  const { draw } = stage.season;
  const origin = newOrigin(stage);
  const account = makeAccount(stage);
  let at = beginning(stage, 1);
  const acts = [open(stage, account, at - draw.whole(5, 600) * minuteMs)];
  const tries = draw.whole(5, 14);
  const guess = () => `PC-${draw.token(6).toUpperCase()}`;
  for (let nth = 0; nth < tries; nth += 1) {
    at += draw.whole(20, 150) * 1_000;
    const wrongCodes = Array.from({ length: draw.whole(1, 3) }, guess);
    acts.push(checkout(stage, { at, customer: account.identifier, nth, origin, wrongCodes, code: null, pays: false }));
  }
  for (let nth = tries; nth < tries + draw.whole(1, 3); nth += 1) {
    at += draw.whole(1, 5) * minuteMs;
    acts.push(
      checkout(stage, { at, customer: account.identifier, nth, origin, wrongCodes: [guess()], code: codes.service }),
    );
  }
  return acts;
};
