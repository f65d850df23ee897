/** The queue and single reviews: each page, and each form of a page. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Deps } from "../../deps.ts";
import { Problem } from "../../http/problem.ts";
import { invalidRequest } from "../../http/router.ts";
import { assignReview, releaseReview } from "../../reviews/assign.ts";
import { decideReviews } from "../../reviews/bulk.ts";
import { countReviews } from "../../reviews/count.ts";
import { decideReview } from "../../reviews/decide.ts";
import { listReviews } from "../../reviews/list.ts";
import { addNote } from "../../reviews/note.ts";
import { readReview } from "../../reviews/read.ts";
import { bulkBody, decisionBody, noteBody } from "../../reviews/schemas.ts";
import { campaignName, campaignNames } from "../campaign-names.ts";
import { actorOf, type ConsoleEnv, type Form, readForm, smallForm } from "../viewer.ts";
import { showPreview } from "./claw-back-routes.tsx";
import { doneNames } from "./done.tsx";
import { QueuePage } from "./queue-page.tsx";
import { askedFrom, askedOf, parseAsked, queueAddress } from "./queue-query.ts";
import { ReviewPage } from "./review-page.tsx";

type Router = OpenAPIHono<ConsoleEnv>;
type ConsoleContext = Context<ConsoleEnv>;

export function mountReviews(router: Router, deps: Deps): void {
  router.get("/console/reviews", async (c) => {
    const { projectId } = c.var.viewer;
    const asked = askedOf(c.req.query());
    const [page, counts, campaigns] = await Promise.all([
      listReviews(deps, projectId, actorOf(c), parseAsked(asked)),
      countReviews(deps, projectId, actorOf(c)),
      campaignNames(deps.db, projectId, asked.campaign_id === undefined ? [] : [asked.campaign_id]),
    ]);
    return c.html(
      <QueuePage
        viewer={c.var.viewer}
        asked={asked}
        page={page}
        counts={counts}
        campaigns={campaigns}
        done={doneOf(c)}
        now={Date.now()}
      />,
    );
  });

  router.post("/console/reviews/bulk", smallForm, async (c) => {
    const form = await readForm(c);
    const outcome = await bulk(deps, c, form);
    return c.redirect(queueAddress(askedFrom(form.from?.[0]), outcome), 303);
  });

  router.get("/console/reviews/:id", (c) => showReview(deps, c, c.req.param("id"), { from: c.req.query("from") }));

  router.post("/console/reviews/:id/assign", smallForm, (c) =>
    change(deps, c, "assign", async (id) => {
      await assignReview(deps, c.var.viewer.projectId, actorOf(c), id);
    }),
  );

  router.post("/console/reviews/:id/release", smallForm, (c) =>
    change(deps, c, "release", async (id) => {
      await releaseReview(deps, c.var.viewer.projectId, actorOf(c), id);
    }),
  );

  router.post("/console/reviews/:id/note", smallForm, (c) =>
    change(deps, c, "note", async (id, form) => {
      const given = noteBody.safeParse({ note: noteOf(form) ?? "" });
      if (!given.success) throw invalidRequest(given.error, "form");
      await addNote(deps, c.var.viewer.projectId, actorOf(c), id, given.data.note);
    }),
  );

  router.post("/console/reviews/:id/decision", smallForm, async (c) => {
    const id = c.req.param("id");
    const form = await readForm(c);
    const from = form.from?.[0] ?? "";
    const decision = form.decision?.[0];
    const clawBack = decision === "confirm" ? form.claw_back?.[0] : undefined;
    const digest = form.preview_digest?.[0];
    try {
      const given = decisionBody.safeParse({
        decision,
        note: noteOf(form),
        claw_back: clawBack,
        preview_digest: digest,
      });
      if (!given.success) throw invalidRequest(given.error, "form");
      // Nothing is taken back that was not shown before.
      if (given.data.claw_back !== "none" && given.data.preview_digest === undefined) {
        return await showPreview(deps, c, { id, scope: given.data.claw_back, note: noteOf(form) ?? "", from });
      }
      const review = await decideReview(deps, c.var.viewer.projectId, actorOf(c), id, given.data);
      if (review.claw_back !== null) return c.redirect(`/console/reviews/claw-backs/${review.claw_back.id}`, 303);
      return c.redirect(queueAddress(askedFrom(from), { done: given.data.decision, review: id }), 303);
    } catch (error) {
      if (
        error instanceof Problem &&
        error.code === "preview_changed" &&
        (clawBack === "this" || clawBack === "cluster")
      ) {
        return showPreview(deps, c, { id, scope: clawBack, note: noteOf(form) ?? "", from, changed: true });
      }
      return refused(deps, c, { id, from, error, note: noteOf(form) ?? "" });
    }
  });
}

function doneOf(c: ConsoleContext): Record<string, string> {
  const query = c.req.query();
  return Object.fromEntries(doneNames.flatMap((name) => (query[name] === undefined ? [] : [[name, query[name]]])));
}

/** Browsers send lines that end with two characters. */
function noteOf(form: Form): string | undefined {
  const note = (form.note?.[0] ?? "").replaceAll("\r\n", "\n").trim();
  return note === "" ? undefined : note;
}

interface Shown {
  readonly from: string | undefined;
  readonly refused?: { readonly why: string; readonly note: string };
  readonly status?: Problem["status"];
}

async function showReview(deps: Deps, c: ConsoleContext, id: string, shown: Shown): Promise<Response> {
  const { projectId } = c.var.viewer;
  const review = await readReview(deps, projectId, id);
  const campaign = review.campaign_id === null ? undefined : await campaignName(deps.db, projectId, review.campaign_id);
  const page = (
    <ReviewPage
      viewer={c.var.viewer}
      review={review}
      campaign={campaign}
      asked={askedFrom(shown.from)}
      done={doneOf(c)}
      refused={shown.refused}
      now={Date.now()}
    />
  );
  return c.html(page, shown.status ?? 200);
}

/** A form of a review that leads back to it; what is refused is said there, and what was written is kept. */
async function change(
  deps: Deps,
  c: ConsoleContext,
  done: string,
  work: (id: string, form: Form) => Promise<void>,
): Promise<Response> {
  const id = c.req.param("id") ?? "";
  const form = await readForm(c);
  const from = form.from?.[0] ?? "";
  try {
    await work(id, form);
  } catch (error) {
    return refused(deps, c, { id, from, error, note: noteOf(form) ?? "" });
  }
  const query = new URLSearchParams({ done, ...(from === "" ? {} : { from }) });
  return c.redirect(`/console/reviews/${encodeURIComponent(id)}?${query}`, 303);
}

async function refused(
  deps: Deps,
  c: ConsoleContext,
  { id, from, error, note }: { id: string; from: string; error: unknown; note: string },
): Promise<Response> {
  // What is not there has no page to say it on; anything but a Problem is a bug.
  if (!(error instanceof Problem) || error.code === "not_found") throw error;
  return showReview(deps, c, id, { from, refused: { why: error.detail, note }, status: error.status });
}

/** @returns what the address of the queue says afterwards: how many, and why not the others. */
async function bulk(deps: Deps, c: ConsoleContext, form: Form): Promise<Record<string, string>> {
  const { projectId } = c.var.viewer;
  const action = form.action?.[0];
  const note = noteOf(form);
  const given = bulkBody.safeParse({
    ids: form.id ?? [],
    decision: action === "assign" ? "hold" : action,
    ...(note === undefined ? {} : { note }),
  });
  if (!given.success) {
    if (form.id === undefined) throw new Problem("invalid_request", "No review was selected.");
    throw invalidRequest(given.error, "form");
  }
  const codes = action === "assign" ? await assignAll(deps, c, given.data.ids) : [];
  if (action !== "assign") {
    const { results } = await decideReviews(deps, projectId, actorOf(c), given.data);
    for (const { problem } of results) codes.push(problem?.code);
  }
  const counted: Record<string, number> = {};
  for (const code of codes) {
    const name = code === undefined ? "count" : (doneNames as readonly string[]).includes(code) ? code : "other";
    counted[name] = (counted[name] ?? 0) + 1;
  }
  const changes = { count: 0, ...counted };
  return {
    done: action ?? "",
    ...Object.fromEntries(Object.entries(changes).map(([name, value]) => [name, String(value)])),
  };
}

/** @returns of each why it could not be taken, undefined where it could. */
async function assignAll(deps: Deps, c: ConsoleContext, ids: readonly string[]): Promise<(string | undefined)[]> {
  const codes: (string | undefined)[] = [];
  for (const id of ids) {
    try {
      await assignReview(deps, c.var.viewer.projectId, actorOf(c), id);
      codes.push(undefined);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      codes.push(error.code);
    }
  }
  return codes;
}
