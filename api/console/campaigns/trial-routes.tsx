/** A campaign tried on a basket. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { findCampaign } from "../../campaigns/find.ts";
import type { CampaignWire } from "../../campaigns/schemas.ts";
import { toWire } from "../../campaigns/wire.ts";
import type { Deps } from "../../deps.ts";
import { languagesOf } from "../../http/languages.ts";
import { notFound, Problem } from "../../http/problem.ts";
import { trialBody } from "../../trials/schemas.ts";
import { tryCampaign } from "../../trials/try-campaign.ts";
import { toOrderFacts } from "../../validations/order-schema.ts";
import { parsed } from "../parts/form.tsx";
import { refusedSheet, typedSheet } from "../parts/sheet.ts";
import { checkNames } from "../rules/nested.ts";
import { step } from "../rules/steps.ts";
import { type ConsoleEnv, type Form, formUpTo, readForm, requireScope } from "../viewer.ts";
import { freshLine, readTrial, sampleBasket } from "./trial-form.ts";
import { TrialPage } from "./trial-page.tsx";

const basketForm = formUpTo(64 * 1024);

export function mountTrials(router: OpenAPIHono<ConsoleEnv>, deps: Deps): void {
  const manage = requireScope("Trials", "manage");

  router.get("/console/campaigns/:id/try", manage, async (c) => {
    const campaign = await read(deps, c);
    return c.html(
      <TrialPage viewer={c.var.viewer} campaign={campaign} sheet={typedSheet(sampleBasket)} trial={undefined} />,
    );
  });

  router.post("/console/campaigns/:id/try", basketForm, manage, async (c) => {
    const campaign = await read(deps, c);
    const form = checkNames(await readForm(c));
    const page = { viewer: c.var.viewer, campaign };
    const stepped = step(form, { "order.items": freshLine });
    if (stepped) return c.html(<TrialPage {...page} sheet={typedSheet(stepped)} trial={undefined} />);
    try {
      const trial = await attempt(deps, c, campaign, form);
      return c.html(<TrialPage {...page} sheet={typedSheet(form)} trial={trial} />);
    } catch (error) {
      if (!(error instanceof Problem) || error.code === "not_found" || error.status >= 500) throw error;
      return c.html(<TrialPage {...page} sheet={refusedSheet(form, error, fieldOf)} trial={undefined} />, error.status);
    }
  });
}

async function read(deps: Deps, c: Context<ConsoleEnv>): Promise<CampaignWire> {
  const row = await findCampaign(deps.db, c.var.viewer.projectId, (c.req.param("id") ?? "").slice(0, 100));
  if (!row) throw notFound("campaign");
  return toWire(row);
}

function attempt(deps: Deps, c: Context<ConsoleEnv>, campaign: CampaignWire, form: Form) {
  const setting = { currency: campaign.currency, timeZone: campaign.time_zone };
  const { customer, order, at } = parsed(trialBody, readTrial(form, setting));
  return tryCampaign(deps, {
    projectId: c.var.viewer.projectId,
    campaignId: campaign.id,
    customer: customer?.identifier ?? null,
    order: toOrderFacts(order),
    at: at === undefined ? null : new Date(at).toISOString(),
    languages: languagesOf(c),
  });
}

/** Categories are one field. */
function fieldOf(name: string): string {
  return name.replace(/\.categories\..*$/, ".categories");
}
