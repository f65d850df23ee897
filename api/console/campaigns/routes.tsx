/** Campaigns: each page, and each form of a page. They call what the API's routes call. */
import { setTimeout } from "node:timers/promises";
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { findCampaign } from "../../campaigns/find.ts";
import { listCampaigns } from "../../campaigns/list.ts";
import { reportCampaign } from "../../campaigns/report.ts";
import { type CampaignWire, campaignStatuses, campaignTypes } from "../../campaigns/schemas.ts";
import { toWire } from "../../campaigns/wire.ts";
import type { Deps } from "../../deps.ts";
import type { Reward } from "../../domain/rewards/reward.ts";
import { notFound } from "../../http/problem.ts";
import { namesOfCampaigns } from "../campaign-names.ts";
import { poolNames } from "../names.ts";
import { type ConsoleEnv, maySee, requireScope } from "../viewer.ts";
import { CampaignPage } from "./campaign-page.tsx";
import { mountCampaignForms } from "./form-routes.tsx";
import { type Asked, isFiltered, ListPage, type Row } from "./list-page.tsx";
import { mountCampaignStatus } from "./status-routes.tsx";
import { mountTrials } from "./trial-routes.tsx";

type Router = OpenAPIHono<ConsoleEnv>;

/** Usually a tenth of it is enough; a person who only wants to press a button shall not wait longer. */
const reportPatienceMs = 4_000;
const perPage = 50;
/** Of the tree: main campaigns a page, and sub-campaigns of each. */
const mainPerPage = 12;
const childrenShown = 8;
const childrenOnPage = 50;

export function mountCampaigns(router: Router, deps: Deps): void {
  router.use("/console/campaigns/*", requireScope("Campaigns", "manage", "analytics"));

  router.get("/console/campaigns", async (c) => {
    const { viewer } = c.var;
    const asked = askedOf(c);
    const { rows, next } = await (isFiltered(asked) ? found : tree)(deps, viewer.projectId, asked);
    return c.html(<ListPage viewer={viewer} asked={asked} rows={rows} next={next} done={c.req.query("done")} />);
  });

  mountCampaignForms(router, deps);
  mountCampaignStatus(router, deps);
  mountTrials(router, deps);

  router.get("/console/campaigns/:id", async (c) => {
    const { viewer } = c.var;
    const { projectId } = viewer;
    const campaign = await readCampaignOf(deps, projectId, c.req.param("id"));
    const [parent, children, report, names] = await Promise.all([
      campaign.parent_id === null ? undefined : readCampaignOf(deps, projectId, campaign.parent_id),
      campaign.type === "sub"
        ? { data: [], next_cursor: null }
        : listCampaigns(deps.db, projectId, { parentId: campaign.id }, { limit: childrenOnPage }),
      maySee(viewer, ["analytics"]) ? readReport(deps, projectId, campaign.id) : undefined,
      namesOf(deps, campaign, projectId),
    ]);
    return c.html(
      <CampaignPage
        viewer={viewer}
        campaign={campaign}
        parent={parent}
        promotions={children.data}
        hasMore={children.next_cursor !== null}
        report={report}
        names={names}
        done={c.req.query("done")}
        now={Date.now()}
      />,
    );
  });
}

/** @throws Problem not_found */
async function readCampaignOf(deps: Pick<Deps, "db">, projectId: string, id: string): Promise<CampaignWire> {
  const row = await findCampaign(deps.db, projectId, id.slice(0, 100));
  if (!row) throw notFound("campaign");
  return toWire(row);
}

/** The page stands without its figures: they come from another store, and are waited for only so long. */
async function readReport(deps: Deps, projectId: string, id: string) {
  const late = new AbortController();
  const report = reportCampaign(deps, projectId, id).catch((error: unknown) => {
    if (!late.signal.aborted) deps.log.warn({ err: error }, "the console could not read a campaign's report");
    return null;
  });
  const patience = setTimeout(reportPatienceMs, null, { signal: late.signal }).catch(() => null);
  const first = await Promise.race([report, patience]);
  late.abort();
  return first;
}

/** Of what its rewards name. */
async function namesOf({ db }: Deps, campaign: CampaignWire, projectId: string): Promise<Record<string, string>> {
  const rewards = [...campaign.rewards, ...campaign.referrer_rewards] as readonly Reward[];
  const ids = rewards.flatMap((reward) => ("campaign_id" in reward ? (reward.campaign_id ?? []) : []));
  const [campaigns, pools] = await Promise.all([namesOfCampaigns(db, projectId, ids), poolNames(db, projectId)]);
  return { ...Object.fromEntries(campaigns), ...Object.fromEntries(pools.map(({ id, name }) => [id, name])) };
}

function askedOf(c: Context<ConsoleEnv>): Asked {
  const query = c.req.query();
  return {
    search: query.search?.trim().slice(0, 200) || undefined,
    status: campaignStatuses.find((status) => status === query.status),
    type: campaignTypes.find((type) => type === query.type),
    cursor: query.cursor?.slice(0, 1_000) || undefined,
  };
}

interface Listed {
  readonly rows: readonly Row[];
  readonly next: string | null;
}

async function found({ db }: Deps, projectId: string, { search, status, type, cursor }: Asked): Promise<Listed> {
  const page = await listCampaigns(db, projectId, { search, status, type }, { limit: perPage, cursor });
  return { rows: page.data.map((campaign) => ({ campaign, depth: 0 })), next: page.next_cursor };
}

async function tree({ db }: Deps, projectId: string, { cursor }: Asked): Promise<Listed> {
  const mains = await listCampaigns(db, projectId, { type: "main" }, { limit: mainPerPage, cursor });
  const rows: Row[] = [];
  for (const main of mains.data) {
    const children = await listCampaigns(db, projectId, { parentId: main.id }, { limit: childrenShown });
    rows.push({ campaign: main, depth: 0, more: children.next_cursor !== null });
    rows.push(...children.data.map((campaign): Row => ({ campaign, depth: 1 })));
  }
  return { rows, next: mains.next_cursor };
}
