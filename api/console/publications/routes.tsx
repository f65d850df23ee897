/** Publications to many: the verbs of /v1/publication-jobs. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { z } from "zod";
import type { Deps } from "../../deps.ts";
import { databaseNow } from "../../http/occurred-at.ts";
import { readCursor, toPage } from "../../http/pagination.ts";
import { invalid, notFound, Problem } from "../../http/problem.ts";
import { createJob, findJob, jobToWire, listJobs, moveJob } from "../../publications/jobs/jobs.ts";
import { receiveFile } from "../../publications/jobs/receive.ts";
import { createJobBody, type JobWire } from "../../publications/jobs/schemas.ts";
import { namesOfCampaigns } from "../campaign-names.ts";
import { namesOf } from "../names.ts";
import { askingPolicy } from "../parts/asking-policy.ts";
import { asRequest, once } from "../parts/attempt.tsx";
import { parsed, submitForm } from "../parts/form.tsx";
import { refusedSheet, type Sheet, textOf } from "../parts/sheet.ts";
import { hasUpload, uploadBytesMax, uploadOf } from "../parts/upload.ts";
import { inConsole } from "../transaction.ts";
import { type ConsoleEnv, type Form, formUpTo, readForm, requireScope, smallForm } from "../viewer.ts";
import { campaignChoices, chosenCampaign } from "../vouchers/campaigns.ts";
import { orderChoices } from "./choices.ts";
import { CancelPage, JobPage } from "./job-page.tsx";
import { PublicationsPage } from "./list-page.tsx";
import { OrderPage } from "./order-page.tsx";
import { jobAddress, list } from "./words.tsx";

const perPage = 25;
const pasted = { lines: "customers", column: "customer" };
/** All but to whom. */
const orderBody = createJobBody.omit({ to: true });

export function mountPublications(router: OpenAPIHono<ConsoleEnv>, deps: Deps): void {
  const { db } = deps;
  router.use(`${list.to}/*`, requireScope("Publications", "manage"), askingPolicy);

  router.get(list.to, async (c) => {
    const { viewer } = c.var;
    const cursor = c.req.query("cursor");
    const before = readCursor(cursor, z.tuple([z.string()]))?.[0];
    const rows = await listJobs(db, viewer.projectId, undefined, { limit: perPage + 1, before });
    const page = toPage(rows, perPage, (row) => [row.id], jobToWire);
    const idsOf = (name: "campaign_id" | "segment_id") => page.data.flatMap((job) => job[name] ?? []);
    const [campaigns, segments] = await Promise.all([
      namesOfCampaigns(db, viewer.projectId, idsOf("campaign_id")),
      namesOf(db, viewer.projectId, "segment", idsOf("segment_id")),
    ]);
    return c.html(<PublicationsPage {...{ viewer, page, campaigns, segments, cursor }} />);
  });

  const orderPage = async (c: Context<ConsoleEnv>, chosen: Chosen, sheet?: Sheet) => {
    const { viewer } = c.var;
    const [campaigns, choices] = await Promise.all([
      campaignChoices(db, viewer.projectId, chosen.campaignId),
      orderChoices(db, viewer.projectId, chosen.segmentId),
    ]);
    return <OrderPage {...{ viewer, campaigns, choices, ...chosen }} {...(sheet && { sheet })} />;
  };

  router.get(`${list.to}/new`, async (c) => {
    const { campaign_id: campaignId, segment_id: segmentId } = c.req.query();
    return c.html(await orderPage(c, { campaignId, segmentId }));
  });

  router.post(list.to, formUpTo(uploadBytesMax), (c) =>
    submitForm(c, {
      work: async (form) => `${jobAddress((await orderJob(c, form)).id)}?done=ordered`,
      again: (sheet, form) => {
        const chosen = { campaignId: textOf(form, "campaign_id"), segmentId: textOf(form, "to.segment_id") };
        return orderPage(c, chosen, sheet) as never;
      },
    }),
  );

  async function orderJob(c: Context<ConsoleEnv>, form: Form): Promise<JobWire> {
    const { projectId } = c.var.viewer;
    const segmentId = textOf(form, "to.segment_id");
    const isUpload = await hasUpload(c, form, pasted.lines);
    if (segmentId !== undefined && isUpload) {
      throw invalid("/to/segment_id", "Choose a segment, or name customers, not both.");
    }
    if (segmentId === undefined && !isUpload) {
      throw invalid("/to/segment_id", "Choose a segment, or name customers below.");
    }
    const { id } = await chosenCampaign(db, projectId, form);
    if (segmentId !== undefined) {
      const body = parsed(createJobBody, { ...orderOf(form, id), to: { segment_id: segmentId } });
      return once(c, form, "publication-job", body, async (tx) =>
        createJob(tx, projectId, body, await databaseNow(tx)),
      );
    }
    const body = parsed(orderBody, orderOf(form, id));
    const upload = await uploadOf(c, form, pasted);
    return receiveFile(asRequest(c), body, upload, (sha256, start) =>
      once(c, form, "publication-job", { ...body, sha256 }, start),
    );
  }

  async function readJob(c: Context<ConsoleEnv>): Promise<JobWire> {
    const row = await findJob(db, c.var.viewer.projectId, c.req.param("id") ?? "");
    if (!row) throw notFound("publication job");
    return jobToWire(row);
  }

  async function show(c: Context<ConsoleEnv>, shown: { done?: string | undefined; sheet?: Sheet }) {
    const { viewer } = c.var;
    const job = await readJob(c);
    const named = async (table: "segment" | "channel" | "template", id: string | null | undefined) => {
      if (!id) return undefined;
      const name = (await namesOf(db, viewer.projectId, table, [id])).get(id);
      return name === undefined ? undefined : { id, name };
    };
    const [campaigns, segment, channel, template] = await Promise.all([
      namesOfCampaigns(db, viewer.projectId, [job.campaign_id]),
      named("segment", job.segment_id),
      named("channel", job.deliver?.channel_id),
      named("template", job.deliver?.template_id),
    ]);
    const names = { campaign: campaigns.get(job.campaign_id) ?? job.campaign_id, segment, channel, template };
    return <JobPage {...{ viewer, job, names, ...shown }} />;
  }

  router.get(`${list.to}/:id`, async (c) => c.html(await show(c, { done: c.req.query("done") })));

  router.get(`${list.to}/:id/cancel`, async (c) => c.html(<CancelPage viewer={c.var.viewer} job={await readJob(c)} />));

  const moves = { pause: "paused", resume: "resumed", cancel: "cancelled" } as const;
  for (const move of ["pause", "resume", "cancel"] as const) {
    router.post(`${list.to}/:id/${move}`, smallForm, async (c) => {
      await readForm(c);
      const id = c.req.param("id") ?? "";
      try {
        await inConsole(c, async (tx) => moveJob(tx, c.var.viewer.projectId, id, move, await databaseNow(tx)));
      } catch (error) {
        // It went on meanwhile, or its customers are forgotten.
        if (!(error instanceof Problem && error.code === "conflict")) throw error;
        return c.html(await show(c, { sheet: refusedSheet({}, error) }), error.status);
      }
      return c.redirect(`${jobAddress(id)}?done=${moves[move]}`, 303);
    });
  }
}

interface Chosen {
  readonly campaignId: string | undefined;
  readonly segmentId: string | undefined;
}

function orderOf(form: Form, campaignId: string) {
  const [channel_id, template_id] = [textOf(form, "deliver.channel_id"), textOf(form, "deliver.template_id")];
  const isSent = channel_id !== undefined || template_id !== undefined;
  return {
    campaign_id: campaignId,
    name: textOf(form, "name"),
    channel: textOf(form, "channel"),
    ...(isSent && { deliver: { channel_id, template_id } }),
  };
}
