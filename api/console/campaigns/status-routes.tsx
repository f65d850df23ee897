/** Activate, pause, archive: each asked about on a page of its own. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { findCampaign } from "../../campaigns/find.ts";
import type { CampaignWire } from "../../campaigns/schemas.ts";
import { changeStatus, type StatusVerb, statusVerbs } from "../../campaigns/status.ts";
import { toWire } from "../../campaigns/wire.ts";
import type { Deps } from "../../deps.ts";
import { notFound } from "../../http/problem.ts";
import { shortened } from "../format.tsx";
import { ConfirmPage } from "../parts/confirm-page.tsx";
import { submitForm } from "../parts/form.tsx";
import { freshSheet, type Sheet } from "../parts/sheet.ts";
import { inConsole } from "../transaction.ts";
import { type ConsoleEnv, requireScope, smallForm } from "../viewer.ts";

const titles = { activate: "Activate", pause: "Pause", archive: "Archive" } as const satisfies Record<
  StatusVerb,
  string
>;

export function mountCampaignStatus(router: OpenAPIHono<ConsoleEnv>, deps: Deps): void {
  const manage = requireScope("Changes of campaigns", "manage");
  for (const verb of statusVerbs) {
    const page = async (c: Context<ConsoleEnv>, sheet: Sheet) => {
      const row = await findCampaign(deps.db, c.var.viewer.projectId, (c.req.param("id") ?? "").slice(0, 100));
      if (!row) throw notFound("campaign");
      const campaign = toWire(row);
      const here = `/console/campaigns/${encodeURIComponent(campaign.id)}`;
      const title = `${titles[verb]} ${shortened(campaign.name, 60)}?`;
      return (
        <ConfirmPage
          viewer={c.var.viewer}
          place="campaigns"
          title={title}
          action={`${here}/${verb}`}
          verb={titles[verb]}
          danger={verb === "archive"}
          back={{ to: here, name: shortened(campaign.name, 60) }}
          sheet={sheet}
        >
          <Consequences verb={verb} campaign={campaign} />
        </ConfirmPage>
      );
    };
    router.get(`/console/campaigns/:id/${verb}`, manage, async (c) => c.html(await page(c, freshSheet)));
    router.post(`/console/campaigns/:id/${verb}`, smallForm, manage, (c) =>
      submitForm(c, {
        work: async () => {
          const { id } = await inConsole(c, (tx) =>
            changeStatus(tx, c.var.viewer.projectId, c.req.param("id").slice(0, 100), verb, new Date()),
          );
          return verb === "archive" ? "/console/campaigns?done=archived" : `/console/campaigns/${id}?done=${verb}`;
        },
        again: (sheet) => page(c, sheet),
      }),
    );
  }
}

function Consequences({ verb, campaign }: { verb: StatusVerb; campaign: CampaignWire }) {
  if (verb === "pause") return <p>Its codes are refused from now on. It can be activated again at any time.</p>;
  if (verb === "archive") {
    return (
      <p>Its codes are refused for good: what is archived cannot be changed or activated again. Reports keep it.</p>
    );
  }
  const isMain = campaign.type === "main";
  return (
    <ul>
      <li>
        {isMain
          ? "Promotions in it that are active work from now on."
          : campaign.automatic
            ? "It applies to every order that fits, without a code."
            : "Its codes can be redeemed from now on."}
      </li>
      {campaign.starts_at !== null && <li>Not before it starts, as its schedule says.</li>}
      {campaign.budget_amount === null && <li>It has no budget: nothing but its limits bounds what it costs.</li>}
      <li>Currency and parent are fixed from then on; everything else can still be changed.</li>
    </ul>
  );
}
