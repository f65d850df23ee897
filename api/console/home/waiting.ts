/** What the first page tells: what runs, and what waits for a person. Each part is asked for with the scopes of its own page. */
import { listCampaigns } from "../../campaigns/list.ts";
import type { CampaignWire } from "../../campaigns/schemas.ts";
import { pageOfDeliveries } from "../../deliveries/read.ts";
import { deliveriesQuery } from "../../deliveries/schemas.ts";
import type { Deps } from "../../deps.ts";
import { listPools } from "../../pools/list.ts";
import type { PoolWire } from "../../pools/schemas.ts";
import type { Actor } from "../../reviews/actor.ts";
import { countReviews, type ReviewCounts } from "../../reviews/count.ts";
import { maySee, type Viewer } from "../viewer.ts";

const campaignsShown = 8;
const looked = 100;
const failuresMax = 50;
const dayMs = 86_400_000;

export interface Waiting {
  readonly running: readonly CampaignWire[] | undefined;
  readonly drafts: number | undefined;
  readonly low: readonly PoolWire[] | undefined;
  /** Messages of the last day; "50+" where there are more than are looked at. */
  readonly failed: string | undefined;
  readonly reviews: ReviewCounts | undefined;
}

export async function readWaiting(deps: Deps, viewer: Viewer, actor: Actor, now: number): Promise<Waiting> {
  const { projectId } = viewer;
  const { db } = deps;
  const [active, drafts, pools, deliveries, reviews] = await Promise.all([
    maySee(viewer, ["manage", "analytics"])
      ? listCampaigns(db, projectId, { status: "active" }, { limit: looked })
      : undefined,
    maySee(viewer, ["manage"]) ? listCampaigns(db, projectId, { status: "draft" }, { limit: looked }) : undefined,
    maySee(viewer, ["manage"]) ? listPools(db, projectId, { limit: looked, cursor: undefined }) : undefined,
    maySee(viewer, ["manage"]) ? countFailed(deps, projectId, now) : undefined,
    maySee(viewer, ["review"]) ? countReviews(deps, projectId, actor) : undefined,
  ]);
  return {
    running: active && mostSpent(active.data),
    drafts: drafts?.data.length,
    low: pools?.data.filter(({ left, low_stock }) => low_stock !== null && left <= low_stock),
    failed: deliveries,
    reviews,
  };
}

async function countFailed({ db }: Deps, projectId: string, now: number): Promise<string> {
  const from = new Date(now - dayMs).toISOString();
  const query = deliveriesQuery.parse({ status: "failed", limit: String(failuresMax), from });
  const { data, next_cursor } = await pageOfDeliveries(db, projectId, query);
  return next_cursor === null ? String(data.length) : `${failuresMax}+`;
}

/** Those nearest to the end of their budget first, then those that are used most. */
function mostSpent(campaigns: readonly CampaignWire[]): CampaignWire[] {
  const share = ({ budget_amount, usage }: CampaignWire) =>
    budget_amount === null ? 0 : usage.discount_amount / Math.max(1, budget_amount);
  return [...campaigns]
    .sort((a, b) => share(b) - share(a) || b.usage.redemptions_count - a.usage.redemptions_count)
    .slice(0, campaignsShown);
}
