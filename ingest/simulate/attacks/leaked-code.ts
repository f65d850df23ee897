import { codes } from "../shop.ts";
import { type Attack, beginning, checkout, hourMs, makeAccount, minuteMs, newOrigin, open } from "./stage.ts";

/** The staff's code stands in a forum: strangers who have nothing in common come for it, many at first, then fewer. */
export const leakCode: Attack = (stage) => {
  const { draw } = stage.season;
  const begins = beginning(stage, 2);
  const strangers = draw.whole(15, 45);
  return Array.from({ length: strangers }, () => {
    const account = makeAccount(stage);
    const at = begins + Math.round(draw.gamma(1, draw.whole(2, 6)) * hourMs);
    const origin = newOrigin(stage);
    // Half of them are customers for long.
    const joined = draw.chance(0.5) ? at - draw.whole(2, 30) * minuteMs : at - draw.whole(3, 200) * 24 * hourMs;
    const detail = { at, customer: account.identifier, nth: 0, origin, code: codes.staff, actor: stage.episode };
    return [open(stage, account, joined), checkout(stage, detail)];
  }).flat();
};
