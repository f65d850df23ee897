import type { Act } from "../acts.ts";
import { type Attack, beginning, checkout, hourMs, makeAccount, minuteMs, newOrigin, open } from "./stage.ts";

/** A customer brings "friends" who live in the same flat, hold the same phone, and order once. */
export const referOneself: Attack = (stage) => {
  const { season } = stage;
  const { draw } = season;
  const owner = makeAccount(stage);
  const home = newOrigin(stage);
  const { identifier: customer } = owner;
  let at = beginning(stage, 4);
  const code = `REF-${draw.token(8).toUpperCase()}`;
  const begun = at - draw.whole(2, 30) * 24 * hourMs;
  const acts: Act[] = [
    open(stage, owner, begun),
    checkout(stage, { at: Math.max(season.startsAt, at - 2 * hourMs), customer, nth: 0, origin: home, code: null }),
    { kind: "referral_code", at, actor: stage.episode, attack: stage.attack, episode: stage.episode, customer, code },
  ];
  for (let friend = 0; friend < draw.whole(2, 5); friend += 1) {
    const account = makeAccount(stage);
    at += draw.whole(2, 20) * hourMs;
    const origin = {
      ...newOrigin(stage),
      address: home.address,
      ...(draw.chance(0.7) ? { device: home.device, ip: home.ip } : { card: home.card }),
    };
    acts.push(open(stage, account, at - draw.whole(2, 30) * minuteMs));
    acts.push(checkout(stage, { at, customer: account.identifier, nth: 0, origin, code }));
  }
  return acts;
};
