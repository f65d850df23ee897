/** The forms that make and change a campaign: shown, stepped through, refused with what was typed, saved. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { createCampaign } from "../../campaigns/create.ts";
import { findCampaign } from "../../campaigns/find.ts";
import { listCampaigns } from "../../campaigns/list.ts";
import { type CampaignWire, createCampaignBody, patchCampaignBody } from "../../campaigns/schemas.ts";
import { updateCampaignDefinition } from "../../campaigns/update.ts";
import { toWire } from "../../campaigns/wire.ts";
import type { Deps } from "../../deps.ts";
import { notFound, Problem } from "../../http/problem.ts";
import { campaignNames } from "../campaign-names.ts";
import { poolNames, segmentNames } from "../names.ts";
import { once } from "../parts/attempt.tsx";
import { parsed } from "../parts/form.tsx";
import { instantsIn } from "../parts/moments.tsx";
import { refusedSheet, type Sheet, typedSheet } from "../parts/sheet.ts";
import { checkNames } from "../rules/nested.ts";
import { ruleField } from "../rules/read-rule.ts";
import { step } from "../rules/steps.ts";
import { inConsole } from "../transaction.ts";
import { type ConsoleEnv, type Form, formUpTo, readForm, requireScope } from "../viewer.ts";
import { readCampaign, readPatch, writeCampaign } from "./campaign-fields.ts";
import { EditPage } from "./edit-page.tsx";
import { freshPeriod } from "./limit-fields.tsx";
import { freshComponent, freshReward } from "./reward-fields.ts";

type ConsoleContext = Context<ConsoleEnv>;

/** A hundred conditions with their messages, ten rewards. */
const campaignForm = formUpTo(256 * 1024);
const fresh = {
  rewards: freshReward,
  referrer_rewards: { type: "points", give: "points" },
  items: freshComponent,
  "limits.per_period": freshPeriod,
};

interface Editing {
  readonly type: CampaignWire["type"];
  readonly stored?: CampaignWire;
  readonly parent?: CampaignWire | undefined;
  readonly action: string;
}

export function mountCampaignForms(router: OpenAPIHono<ConsoleEnv>, deps: Deps): void {
  const manage = requireScope("Changes of campaigns", "manage");

  router.get("/console/campaigns/new", manage, (c) => {
    const form: Form = { currency: ["EUR"], time_zone: ["UTC"], template: ["discount"] };
    return show(deps, c, { type: "main", action: "/console/campaigns/new" }, typedSheet(form));
  });

  router.post("/console/campaigns/new", campaignForm, manage, (c) =>
    submit(deps, c, { type: "main", action: "/console/campaigns/new" }),
  );

  router.get("/console/campaigns/:id/new", manage, async (c) => {
    const parent = await mainOf(deps, c);
    const form: Form = {
      parent_id: [parent.id],
      template: [parent.template],
      currency: [parent.currency],
      time_zone: [parent.time_zone],
      ...(parent.template === "gift_card"
        ? {}
        : { "rewards.0.type": [freshReward.type], "rewards.0.give": [freshReward.give] }),
    };
    return show(deps, c, { type: "sub", parent, action: `/console/campaigns/${parent.id}/new` }, typedSheet(form));
  });

  router.post("/console/campaigns/:id/new", campaignForm, manage, async (c) => {
    const parent = await mainOf(deps, c);
    return submit(deps, c, { type: "sub", parent, action: `/console/campaigns/${parent.id}/new` });
  });

  router.get("/console/campaigns/:id/edit", manage, async (c) => {
    const editing = await editingOf(deps, c);
    return show(deps, c, editing, typedSheet(writeCampaign(editing.stored)));
  });

  router.post("/console/campaigns/:id/edit", campaignForm, manage, async (c) =>
    submit(deps, c, await editingOf(deps, c)),
  );
}

async function read(deps: Deps, c: ConsoleContext, id: string): Promise<CampaignWire> {
  const row = await findCampaign(deps.db, c.var.viewer.projectId, id.slice(0, 100));
  if (!row) throw notFound("campaign");
  return toWire(row);
}

async function mainOf(deps: Deps, c: ConsoleContext): Promise<CampaignWire> {
  const parent = await read(deps, c, c.req.param("id") ?? "");
  if (parent.type !== "main") throw notFound("main campaign");
  return parent;
}

async function editingOf(deps: Deps, c: ConsoleContext): Promise<Editing & { readonly stored: CampaignWire }> {
  const stored = await read(deps, c, c.req.param("id") ?? "");
  if (stored.status === "archived") {
    throw new Problem("campaign_status_conflict", "An archived campaign cannot be changed.");
  }
  const parent = stored.parent_id === null ? undefined : await read(deps, c, stored.parent_id);
  return { type: stored.type, stored, parent, action: `/console/campaigns/${stored.id}/edit` };
}

async function show(
  deps: Deps,
  c: ConsoleContext,
  editing: Editing,
  sheet: Sheet,
  status: Problem["status"] = 200,
): Promise<Response> {
  const { projectId } = c.var.viewer;
  const { stored } = editing;
  const [campaigns, pools, segments, children] = await Promise.all([
    campaignNames(deps.db, projectId, namedIn(sheet.typed ?? {})),
    poolNames(deps.db, projectId),
    segmentNames(deps.db, projectId),
    stored === undefined ? { data: [] } : listCampaigns(deps.db, projectId, { parentId: stored.id }, { limit: 1 }),
  ]);
  const page = (
    <EditPage
      viewer={c.var.viewer}
      sheet={sheet}
      type={editing.type}
      stored={stored}
      parent={editing.parent}
      isFree={stored === undefined || (stored.status === "draft" && children.data.length === 0)}
      campaigns={campaigns}
      pools={pools}
      segments={segments}
      action={editing.action}
    />
  );
  return c.html(page, status);
}

/** Campaigns that rewards of the form name. */
function namedIn(form: Form): string[] {
  const names = Object.keys(form).filter((name) => /\.campaign_(id|other)$/.test(name));
  return names.flatMap((name) => form[name] ?? []).filter((id) => id !== "" && id.length <= 100);
}

async function submit(deps: Deps, c: ConsoleContext, editing: Editing): Promise<Response> {
  const form = checkNames(withoutToken(await readForm(c)));
  const stepped = step(form, fresh);
  if (stepped) return show(deps, c, editing, typedSheet(stepped));
  try {
    const saved = await save(c, editing, form);
    return c.redirect(`/console/campaigns/${saved.id}?done=${editing.stored ? "saved" : "created"}`, 303);
  } catch (error) {
    if (!(error instanceof Problem) || error.code === "not_found" || error.status >= 500) throw error;
    return refuse(deps, c, editing, form, error);
  }
}

function withoutToken(form: Form): Form {
  const { token: _, ...rest } = form;
  return rest;
}

function save(c: ConsoleContext, { type, stored }: Editing, form: Form): Promise<CampaignWire> {
  const { projectId } = c.var.viewer;
  if (stored === undefined) {
    const input = parsed(createCampaignBody, readCampaign(form, type));
    return once(c, form, "campaign", input, (tx) => createCampaign(tx, projectId, input, new Date()));
  }
  const patch = parsed(patchCampaignBody, readPatch(form, type, instantsIn(stored)));
  return inConsole(c, (tx) => updateCampaignDefinition(tx, projectId, stored.id, patch, new Date()));
}

/** What was typed stays. After somebody else's change the next try is made for theirs: to replace it is then a decision. */
async function refuse(
  deps: Deps,
  c: ConsoleContext,
  editing: Editing,
  form: Form,
  problem: Problem,
): Promise<Response> {
  const { stored } = editing;
  const outdated = problem.code === "conflict" && problem.options.errors?.some(({ pointer }) => pointer === "/version");
  if (!outdated || stored === undefined) {
    return show(deps, c, editing, refusedSheet(form, problem, ruleField), problem.status);
  }
  const now = await read(deps, c, stored.id);
  const refused =
    `Somebody changed this campaign while you did (it has version ${now.version} now). Nothing of yours is saved yet, and ` +
    "everything you typed is still here. Look at the campaign in another tab; saving again replaces what they changed.";
  const sheet = { ...typedSheet({ ...form, version: [String(now.version)] }), refused };
  return show(deps, c, { ...editing, stored: now }, sheet, problem.status);
}
