/** Applies codes and automatic campaigns one after the other, each on what those before it have left. */
import { assess, decisionOf } from "./assess.ts";
import { type Candidate, inOrderOfApplication } from "./candidate.ts";
import type { CodeDecision } from "./decision.ts";
import type { VoucherFacts } from "./facts.ts";
import { Progress, type Request } from "./progress.ts";
import type { Reason } from "./reason.ts";
import { campaignLimitReasons, combinationReasons, orderLimitReasons, repeatReason } from "./stacking.ts";

/** The codes of a request, and those of them that would apply alone: only these stand in another's way. */
export interface Codes {
  readonly all: readonly Candidate[];
  readonly rivals: readonly Candidate[];
}

/** What one way of applying candidates comes to. */
export interface Run {
  /** In the order in which they were applied. */
  readonly decided: ReadonlyMap<Candidate, CodeDecision>;
  readonly progress: Progress;
}

export function rivalsAmong(codes: readonly Candidate[], request: Request): readonly Candidate[] {
  if (codes.length < 2) return codes;
  const start = new Progress(request);
  return codes.filter((code) => assess(code, start, request).reasons.length === 0);
}

/**
 * `automatic` must go together with each other and with the codes that apply; those that do not apply are passed over.
 * They leave room for `roomFor` codes among the few that an order may use.
 */
export function applyAll(codes: Codes, automatic: readonly Candidate[], request: Request, roomFor = 0): Run {
  const progress = new Progress(request);
  const decided = new Map<Candidate, CodeDecision>();
  for (const candidate of inOrderOfApplication([...codes.all, ...automatic])) {
    const assessment = assess(candidate, progress, request);
    const more =
      candidate.voucher === null
        ? automaticReasons(candidate, progress, request, roomFor)
        : codeReasons(candidate, candidate.voucher, codes, progress, request);
    const decision = decisionOf(candidate, assessment, more);
    decided.set(candidate, decision);
    if (decision.applicable) progress.accept(candidate, decision);
  }
  return { decided, progress };
}

function automaticReasons({ campaign }: Candidate, progress: Progress, { facts }: Request, roomFor: number): Reason[] {
  const automatic = progress.given.filter(({ voucherId }) => voucherId === null).length;
  return [
    ...orderLimitReasons(automatic + roomFor + facts.appliedBefore.length),
    ...campaignLimitReasons(campaign, progress.campaigns, facts.appliedBefore),
  ];
}

function codeReasons(
  candidate: Candidate,
  voucher: VoucherFacts,
  codes: Codes,
  progress: Progress,
  { facts }: Request,
): Reason[] {
  const isSame = (other: Candidate) => other.voucher?.id === voucher.id;
  const repeated =
    codes.all.some((other) => isSame(other) && (other.position ?? 0) < (candidate.position ?? 0)) ||
    facts.appliedBefore.some((applied) => applied.voucherId === voucher.id);
  // A repeated code is its own reason, not a neighbour that the first one would have to get along with.
  const others = codes.rivals.filter((other) => !isSame(other));
  const before = facts.appliedBefore.filter((applied) => applied.voucherId !== voucher.id);
  return [
    ...(repeated ? [repeatReason()] : []),
    ...combinationReasons(candidate, others, before),
    ...orderLimitReasons(progress.campaigns.length + facts.appliedBefore.length),
    ...campaignLimitReasons(candidate.campaign, progress.campaigns, facts.appliedBefore),
  ];
}
