import { codes } from "../shop.ts";
import { type Attack, beginning, checkout, makeAccount, minuteMs, newOrigin, open } from "./stage.ts";

/** One person opens account after account for the welcome discount: one device, mostly one address, cards that change. */
export const openManyAccounts: Attack = (stage) => {
  const { draw } = stage.season;
  const home = newOrigin(stage);
  const accounts = draw.whole(4, 12);
  const cards = Array.from({ length: draw.whole(1, 4) }, () => newOrigin(stage).card);
  const hidesDevice = draw.chance(0.3);
  let at = beginning(stage, 5);
  return Array.from({ length: accounts }, () => {
    const account = makeAccount(stage);
    at += draw.whole(15, 700) * minuteMs;
    const other = newOrigin(stage);
    const origin = {
      ...home,
      card: draw.pick(cards),
      device: hidesDevice ? other.device : home.device,
      ip: draw.chance(0.25) ? draw.pick(stage.crowd.carriers) : home.ip,
    };
    const joined = at - draw.whole(1, 12) * minuteMs;
    return [
      open(stage, account, joined),
      checkout(stage, { at, customer: account.identifier, nth: 0, origin, code: codes.welcome }),
    ];
  }).flat();
};
