/** The form of a segment by rules: changed by its buttons, tried out, saved. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Deps } from "../../deps.ts";
import { databaseNow } from "../../http/occurred-at.ts";
import { Problem } from "../../http/problem.ts";
import { signedTransaction } from "../../reviews/actor.ts";
import { changeSegment, createSegment } from "../../segments/change.ts";
import { readSegment, type SegmentWire } from "../../segments/list.ts";
import { previewSegment } from "../../segments/preview.ts";
import { previewBody, segmentBody, segmentPatch } from "../../segments/schemas.ts";
import { Text } from "../format.tsx";
import { Frame } from "../layout.tsx";
import { once } from "../parts/attempt.tsx";
import { parsed } from "../parts/form.tsx";
import { Head } from "../parts/head.tsx";
import { freshSheet, refusedSheet, textOf } from "../parts/sheet.ts";
import { actorOf, type ConsoleEnv, type Form, readForm, requireScope, smallForm } from "../viewer.ts";
import { formOfRules, rulesOf, sheetOf, sheetOfForm, stepped } from "./conditions.ts";
import { segmentAddress } from "./pages.tsx";
import { RulesPage } from "./rules-page.tsx";

const mayChange = requireScope("Changes of segments", "manage");

export function mountSegmentRules(router: OpenAPIHono<ConsoleEnv>, deps: Deps): void {
  router.get("/console/segments/new-by-rules", mayChange, (c) => c.html(<RulesPage {...blank(c)} name="" />));

  router.post("/console/segments/new-by-rules", smallForm, async (c) => {
    const form = await readForm(c);
    const around = { ...blank(c), name: "" };
    return answer(c, form, around, async () => {
      const body = parsed(segmentBody, { name: textOf(form, "name") ?? "", kind: "dynamic", rules: rulesOf(form) });
      const made = await once(c, form, "segment", body, async (tx) =>
        createSegment(tx, c.var.viewer.projectId, body, await databaseNow(tx)),
      );
      return `${segmentAddress(made.id)}?done=created`;
    });
  });

  router.get("/console/segments/:id/rules", mayChange, async (c) => {
    const segment = await readSegment(deps.db, c.var.viewer.projectId, c.req.param("id"));
    const form = segment.rules === null ? undefined : formOfRules(segment.rules);
    if (form === undefined) return c.html(<NoFormPage {...around(c, segment)} segment={segment} />);
    return c.html(<RulesPage {...around(c, segment)} form={form} sheet={sheetOfForm(form)} />);
  });

  router.post("/console/segments/:id/rules", smallForm, async (c) => {
    const segment = await readSegment(deps.db, c.var.viewer.projectId, c.req.param("id"));
    const form = await readForm(c);
    return answer(c, form, around(c, segment), async () => {
      const body = parsed(segmentPatch, { rules: rulesOf(form) });
      await signedTransaction(deps.pool, actorOf(c), async ({ tx }) =>
        changeSegment(tx, c.var.viewer.projectId, segment.id, body, await databaseNow(tx)),
      );
      return `${segmentAddress(segment.id)}?done=rules`;
    });
  });

  /** @param save is done by the one button that means it; the others show the form again. */
  async function answer(
    c: Context<ConsoleEnv>,
    form: Form,
    page: Parameters<typeof RulesPage>[0],
    save: () => Promise<string>,
  ): Promise<Response> {
    const changed = stepped(form);
    if (changed) return c.html(<RulesPage {...page} form={changed} sheet={sheetOfForm(changed)} />);
    try {
      if (form.do?.[0] !== "preview") return c.redirect(await save(), 303);
      const { rules } = parsed(previewBody, { rules: rulesOf(form) });
      const preview = await previewSegment(deps, c.var.viewer.projectId, rules, new Date());
      return c.html(<RulesPage {...page} form={form} sheet={sheetOfForm(form)} preview={preview} />);
    } catch (error) {
      if (!(error instanceof Problem) || error.code === "not_found" || error.code === "internal") throw error;
      return c.html(<RulesPage {...page} form={form} sheet={sheetOf(refusedSheet(form, error))} />, error.status);
    }
  }
}

function blank(c: Context<ConsoleEnv>) {
  const action = "/console/segments/new-by-rules";
  return { viewer: c.var.viewer, action, title: "New segment by rules", sheet: freshSheet };
}

function around(c: Context<ConsoleEnv>, { id, name }: SegmentWire) {
  const address = segmentAddress(id);
  const up = { to: address, name: "Segment" };
  return { viewer: c.var.viewer, action: `${address}/rules`, title: `Rules of ${name}`.slice(0, 100), up };
}

/** Rules that were made over the API, with groups inside groups or with values that the form has no field for. */
function NoFormPage(props: ReturnType<typeof around> & { segment: SegmentWire }) {
  const { viewer, title, up, segment } = props;
  return (
    <Frame title={title} viewer={viewer} place="segments">
      <Head up={up} title={title} />
      <section class="card">
        <p>
          <Text value={`${segment.rules_sentence ?? ""}.`} max={2_000} />
        </p>
        <p class="muted">
          {segment.kind === "static"
            ? "This segment is a list: its members are named by hand."
            : "There is no form here for groups inside groups, nor for some values, texts with commas in a list say. Change these rules over the API."}
        </p>
      </section>
    </Frame>
  );
}
