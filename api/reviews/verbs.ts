/**
 * What can be done with reviews, for routes and pages alike. Each throws a Problem: not_found, review_locked,
 * review_decided, preview_changed.
 */
import type { Deps } from "../deps.ts";
import type { Page } from "../http/pagination.ts";
import type { Actor } from "./actor.ts";
import type { ClawBackInput, ClawBackWire, PreviewWire } from "./claw-back/schemas.ts";
import type {
  BulkInput,
  BulkWire,
  DecisionInput,
  MetricsWire,
  ReviewDetailWire,
  ReviewsQuery,
  ReviewWire,
} from "./schemas.ts";

type Verb<Arguments extends unknown[], Result> = (deps: Deps, projectId: string, ...rest: Arguments) => Promise<Result>;

export interface ReviewVerbs {
  /** list.ts; `assigned_to: "me"` is the actor. */
  listReviews: Verb<[actor: Actor, query: ReviewsQuery], Page<ReviewWire>>;
  /** read.ts */
  readReview: Verb<[id: string], ReviewDetailWire>;
  /** assign.ts: takes or renews the lock of 15 minutes. */
  assignReview: Verb<[actor: Actor, id: string], ReviewWire>;
  /** assign.ts */
  releaseReview: Verb<[actor: Actor, id: string], ReviewWire>;
  /** note.ts */
  addNote: Verb<[actor: Actor, id: string, note: string], ReviewWire>;
  /** decide.ts */
  decideReview: Verb<[actor: Actor, id: string, decision: DecisionInput], ReviewWire>;
  /** bulk.ts */
  decideReviews: Verb<[actor: Actor, input: BulkInput], BulkWire>;
  /** metrics.ts */
  readReviewMetrics: Verb<[days: number], MetricsWire>;
  /** claw-back/preview.ts */
  previewClawBack: Verb<[reviewId: string, scope: "this" | "cluster"], PreviewWire>;
  /** claw-back/claw-back.ts: of a review that was confirmed without one. */
  clawBack: Verb<[actor: Actor, reviewId: string, input: ClawBackInput], ClawBackWire>;
  /** claw-back/undo.ts */
  undoClawBack: Verb<[actor: Actor, id: string], ClawBackWire>;
  /** claw-back/read.ts */
  readClawBack: Verb<[id: string], ClawBackWire>;
}
