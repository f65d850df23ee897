/**
 * Which automatic campaigns apply beside the codes. Codes come first: a campaign that does not go together with a code
 * that applies, or that would keep one from applying, is left out. Among the rest, what takes most off the order wins.
 */
import { applyAll, type Codes, type Run } from "./apply.ts";
import { assess } from "./assess.ts";
import { automaticCandidates, dependsOnDiscounts } from "./automatic.ts";
import { type Candidate, inOrderOfApplication } from "./candidate.ts";
import { sum } from "./money.ts";
import { Progress, type Request } from "./progress.ts";
import type { ReasonKey } from "./reason.ts";
import { type Attempt, search } from "./search.ts";
import { combines } from "./stacking.ts";

/** Evaluations of the whole request that one decision may cost: fewer where there is more to evaluate. */
function triesFor(candidates: number): number {
  return Math.min(200, Math.max(20, Math.floor(3_000 / candidates)));
}

interface Choice {
  readonly run: Run;
  readonly exhaustive: boolean;
}

export function chooseAutomatic(codes: Codes, request: Request): Choice {
  const without = applyAll(codes, [], request);
  const accepted = codes.all.filter((code) => applies(without, code));
  const open = automaticCandidates(request).filter((candidate) => accepted.every((code) => combines(candidate, code)));
  if (open.length === 0) return { run: without, exhaustive: true };
  // Gift cards pay; that a promotion leaves them nothing to pay is no harm.
  const protectedCodes = accepted.filter((code) => !code.isGiftCard);
  const alone = new Alone(request);
  const attempt = (members: readonly number[]): Attempt<Run> => {
    const automatic = members.flatMap((member) => open[member] ?? []);
    const run = applyAll(codes, automatic, request, accepted.length);
    const harmed = protectedCodes.filter((code) => !applies(run, code));
    const refused = automatic.filter((candidate) => !applies(run, candidate) && alone.mayApply(candidate));
    const hinderers = hinderersOf([...harmed, ...refused], automatic, run);
    return { result: run, allowed: harmed.length === 0, hinderers: [...hinderers].map((c) => open.indexOf(c)) };
  };
  const sets = setsOf(open, alone);
  const triesMax = triesFor(codes.all.length + open.length);
  const found = search({ sets, attempt, isBetter, triesMax });
  const isNone = found.best === null || !isBetter(found.best, without);
  return { run: isNone || found.best === null ? without : found.best, exhaustive: found.exhaustive };
}

function applies(run: Run, candidate: Candidate): boolean {
  return run.decided.get(candidate)?.applicable === true;
}

/**
 * Exclusive campaigns stand alone, and each group stands together: campaigns of two of these sets never combine. Where
 * there are several, the sets that promise most come first.
 */
function setsOf(open: readonly Candidate[], alone: Alone): number[][] {
  const sets = new Map<string, number[]>();
  for (const [index, { stacking }] of open.entries()) {
    const key = stacking.exclusive === true ? `alone ${index}` : `group ${stacking.group ?? ""}`;
    const members = sets.get(key);
    if (members === undefined) sets.set(key, [index]);
    else members.push(index);
  }
  const found = [...sets.values()];
  if (found.length === 1) return found;
  const promise = (members: readonly number[]) =>
    sum(members.flatMap((member) => open[member] ?? []).map((candidate) => alone.discountOf(candidate)));
  return found
    .map((members) => ({ members, promise: promise(members) }))
    .sort((a, b) => b.promise - a.promise || (a.members[0] ?? 0) - (b.members[0] ?? 0))
    .map(({ members }) => members);
}

/** What a campaign would do on the order by itself: one that gives nothing then is not kept from anything by others. */
class Alone {
  readonly #request: Request;
  readonly #start: Progress;
  readonly #discounts = new Map<Candidate, number | null>();

  constructor(request: Request) {
    this.#request = request;
    this.#start = new Progress(request);
  }

  mayApply(candidate: Candidate): boolean {
    return this.#discount(candidate) !== null || dependsOnDiscounts(candidate.campaign);
  }

  discountOf(candidate: Candidate): number {
    return this.#discount(candidate) ?? 0;
  }

  #discount(candidate: Candidate): number | null {
    let known = this.#discounts.get(candidate);
    if (known === undefined) {
      const { reasons, grant } = assess(candidate, this.#start, this.#request);
      known = reasons.length === 0 ? grant.discountAmount : null;
      this.#discounts.set(candidate, known);
    }
    return known;
  }
}

const limitKeys: ReadonlySet<ReasonKey> = new Set([
  "campaign_redemptions_reached",
  "campaign_budget_reached",
  "customer_limit_reached",
  "period_limit_reached",
]);

/**
 * Automatic campaigns that were applied before what did not apply. Where only limits speak against it, just those that
 * count on the same counter can be the cause.
 */
function hinderersOf(hindered: readonly Candidate[], automatic: readonly Candidate[], run: Run): Set<Candidate> {
  const found = new Set<Candidate>();
  if (hindered.length === 0) return found;
  const order = [...run.decided.keys()];
  const applied = inOrderOfApplication(automatic.filter((candidate) => applies(run, candidate)));
  for (const each of hindered) {
    const place = order.indexOf(each);
    const reasons = run.decided.get(each)?.reasons ?? [];
    const keys = reasons.every(({ key }) => limitKeys.has(key)) ? new Set(each.counters.map((c) => c.sortKey)) : null;
    for (const other of applied) {
      if (order.indexOf(other) > place) break;
      if (keys === null || other.counters.some(({ sortKey }) => keys.has(sortKey))) found.add(other);
    }
  }
  return found;
}

/** More money off, gift cards aside; then more campaigns; then those with the lowest ids. */
function isBetter(a: Run, b: Run): boolean {
  const [left, right] = [worth(a), worth(b)];
  return (
    (left.discount - right.discount ||
      left.ids.length - right.ids.length ||
      (left.ids.join() < right.ids.join() ? 1 : -1)) > 0
  );
}

function worth({ decided }: Run): { readonly discount: number; readonly ids: readonly string[] } {
  let discount = 0;
  const ids: string[] = [];
  for (const [candidate, decision] of decided) {
    if (!decision.applicable || candidate.isGiftCard) continue;
    discount += decision.discountAmount;
    if (candidate.position === null) ids.push(candidate.campaign.id);
  }
  return { discount, ids: ids.sort() };
}
