/** Claw-backs: looked at before, watched while they work, undone afterwards. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Deps } from "../../deps.ts";
import { Problem } from "../../http/problem.ts";
import { invalidRequest } from "../../http/router.ts";
import { clawBack } from "../../reviews/claw-back/claw-back.ts";
import { previewClawBack } from "../../reviews/claw-back/preview.ts";
import { readClawBack } from "../../reviews/claw-back/read.ts";
import { clawBackBody, previewQuery } from "../../reviews/claw-back/schemas.ts";
import { undoClawBack } from "../../reviews/claw-back/undo.ts";
import { readReview } from "../../reviews/read.ts";
import { actorOf, type ConsoleEnv, readForm, smallForm } from "../viewer.ts";
import { ClawBackPage, PreviewPage } from "./preview-page.tsx";

const refreshSeconds = 2;

export function mountClawBacks(router: OpenAPIHono<ConsoleEnv>, deps: Deps): void {
  router.get("/console/reviews/claw-backs/:id", async (c) => {
    const found = await readClawBack(deps, c.var.viewer.projectId, c.req.param("id"));
    const running = found.status === "running" || found.status === "undoing";
    const again = running ? refreshSeconds : undefined;
    return c.html(<ClawBackPage viewer={c.var.viewer} clawBack={found} refreshSeconds={again} />);
  });

  router.post("/console/reviews/claw-backs/:id/undo", smallForm, async (c) => {
    await readForm(c);
    const { id } = await undoClawBack(deps, c.var.viewer.projectId, actorOf(c), c.req.param("id"));
    return c.redirect(`/console/reviews/claw-backs/${id}`, 303);
  });

  // Of a review that was confirmed without one.
  router.get("/console/reviews/:id/claw-back", async (c) => {
    const query = previewQuery.safeParse(c.req.query());
    if (!query.success) throw invalidRequest(query.error, "query");
    return showPreview(deps, c, { id: c.req.param("id"), scope: query.data.scope, note: "", from: "" });
  });

  router.post("/console/reviews/:id/claw-back", smallForm, async (c) => {
    const id = c.req.param("id");
    const form = await readForm(c);
    const given = clawBackBody
      .required()
      .safeParse({ scope: form.scope?.[0], preview_digest: form.preview_digest?.[0] });
    if (!given.success) throw invalidRequest(given.error, "form");
    try {
      const begun = await clawBack(deps, c.var.viewer.projectId, actorOf(c), id, given.data);
      return c.redirect(`/console/reviews/claw-backs/${begun.id}`, 303);
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== "preview_changed") throw error;
      return showPreview(deps, c, { id, scope: given.data.scope, note: "", from: "", changed: true });
    }
  });
}

interface Preview {
  readonly id: string;
  readonly scope: "this" | "cluster";
  readonly note: string;
  readonly from: string;
  /** What was shown before is not what would be done any more. */
  readonly changed?: boolean;
}

export async function showPreview(deps: Deps, c: Context<ConsoleEnv>, shown: Preview): Promise<Response> {
  const { projectId } = c.var.viewer;
  const review = await readReview(deps, projectId, shown.id);
  const preview = await previewClawBack(deps, projectId, shown.id, shown.scope);
  return c.html(
    <PreviewPage
      viewer={c.var.viewer}
      review={review}
      preview={preview}
      note={shown.note}
      from={shown.from}
      decided={review.status === "confirmed"}
      changed={shown.changed === true}
    />,
    shown.changed ? 409 : 200,
  );
}
