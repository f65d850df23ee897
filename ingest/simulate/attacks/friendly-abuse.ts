import type { Act } from "../acts.ts";
import { codes } from "../shop.ts";
import { type Attack, beginning, checkout, hourMs, makeAccount, newOrigin, open } from "./stage.ts";

/**
 * A real customer who bends the rules: asks for the service's apology code again and again, and takes the welcome
 * discount a second time through somebody of the household. Close to honest on purpose.
 */
export const bendRules: Attack = (stage) => {
  const { draw } = stage.season;
  const account = makeAccount(stage);
  const partner = makeAccount(stage);
  const home = newOrigin(stage);
  let at = beginning(stage, 10);
  const acts: Act[] = [open(stage, account, at - draw.whole(30, 400) * 24 * hourMs)];
  for (let nth = 0; nth < draw.whole(4, 7); nth += 1) {
    at += draw.whole(10, 40) * hourMs;
    acts.push(checkout(stage, { at, customer: account.identifier, nth, origin: home, code: codes.service }));
  }
  acts.push(open(stage, partner, at + hourMs));
  const origin = { ...home, device: newOrigin(stage).device };
  acts.push(
    checkout(stage, { at: at + 2 * hourMs, customer: partner.identifier, nth: 0, origin, code: codes.welcome }),
  );
  return acts;
};
