/** Templates: the verbs of /v1/templates. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { adapterOf, channelKinds } from "../../channels/adapters.ts";
import type { Deps } from "../../deps.ts";
import { invalid, Problem } from "../../http/problem.ts";
import { changeTemplate, createTemplate, deleteTemplate } from "../../templates/change.ts";
import { type Preview, previewTemplate } from "../../templates/preview.ts";
import { pageOfTemplates, readTemplate } from "../../templates/read.ts";
import { createTemplateBody, previewBody, type TemplateWire, updateTemplateBody } from "../../templates/schemas.ts";
import type { Kind } from "../channels/kinds.ts";
import { once } from "../parts/attempt.tsx";
import { parsed, submitForm } from "../parts/form.tsx";
import { refusedSheet, type Sheet, textOf, typedSheet } from "../parts/sheet.ts";
import { inConsole } from "../transaction.ts";
import { type ConsoleEnv, type Form, formUpTo, readForm, requireScope, smallForm } from "../viewer.ts";
import { ChooseKindPage, NoFormPage, TemplateFormPage } from "./form-page.tsx";
import { TemplatesPage, templateAddress } from "./list-page.tsx";
import { previewPolicy } from "./preview-card.tsx";
import { atLanguages, blankForm, bodyOf, formOf, previewed, stepped, tagOf, textsOf } from "./template-form.ts";
import { DeleteTemplatePage, TemplatePage } from "./template-page.tsx";

const perPage = 50;
const templateForm = formUpTo(192 * 1024);
const kindOf = (text: string | undefined) => channelKinds.find((kind) => kind === text);

interface Editing {
  readonly kind: Kind;
  readonly template?: TemplateWire;
}

export function mountTemplates(router: OpenAPIHono<ConsoleEnv>, deps: Deps): void {
  const { db } = deps;
  router.use("/console/templates/*", requireScope("Templates", "manage"));

  router.get("/console/templates", async (c) => {
    const { viewer } = c.var;
    const [cursor, kind] = [c.req.query("cursor"), kindOf(c.req.query("kind"))];
    const page = await pageOfTemplates(db, viewer.projectId, { limit: perPage, cursor, kind });
    const shown = { viewer, page, kinds: channelKinds, kind, cursor, done: c.req.query("done") };
    return c.html(<TemplatesPage {...shown} />);
  });

  router.get("/console/templates/new", (c) => {
    const { viewer } = c.var;
    const kind = kindOf(c.req.query("kind"));
    if (kind === undefined) return c.html(<ChooseKindPage viewer={viewer} kinds={channelKinds} />);
    return c.html(<TemplateFormPage viewer={viewer} kind={kind} sheet={typedSheet(blankForm(kind))} />);
  });

  router.post("/console/templates", templateForm, async (c) => {
    const form = await readForm(c);
    const kind = kindOf(textOf(form, "kind"));
    if (kind === undefined) throw invalid("/kind", "There is no such kind.");
    return answer(c, form, { kind }, async () => {
      const body = parsed(createTemplateBody, { kind, ...bodyOf(form, partsOf(kind)) });
      const { projectId } = c.var.viewer;
      return once(c, form, "template", body, (tx) => createTemplate(tx, projectId, body, new Date()));
    });
  });

  // A preview of what is stored has an address: it can be passed on.
  router.get("/console/templates/:id", async (c) => {
    const { viewer } = c.var;
    const template = await readTemplate(db, viewer.projectId, c.req.param("id"));
    const asked = Object.fromEntries(
      ["language", "customer", "voucher"].map((name) => [name, [c.req.query(name) ?? ""]]),
    );
    const shown = { viewer, template, done: c.req.query("done") };
    try {
      const preview = await previewTemplate(
        db,
        viewer.projectId,
        parsed(previewBody, {
          template_id: template.id,
          ...audienceOf(asked),
          language: textOf(asked, "language"),
        }),
      );
      return withStyles(c).html(<TemplatePage {...shown} preview={preview} sheet={typedSheet(asked)} />);
    } catch (error) {
      if (!(error instanceof Problem) || error.status >= 500) throw error;
      const sheet = refusedSheet(asked, error);
      return c.html(<TemplatePage {...shown} preview={undefined} sheet={sheet} />, error.status);
    }
  });

  router.get("/console/templates/:id/edit", async (c) => {
    const { viewer } = c.var;
    const template = await readTemplate(db, viewer.projectId, c.req.param("id"));
    const form = formOf(template);
    if (form === undefined) return c.html(<NoFormPage viewer={viewer} template={template} />);
    const sheet = typedSheet(form);
    return c.html(<TemplateFormPage viewer={viewer} kind={template.kind} sheet={sheet} template={template} />);
  });

  router.post("/console/templates/:id/edit", templateForm, async (c) => {
    const { projectId } = c.var.viewer;
    const template = await readTemplate(db, projectId, c.req.param("id"));
    const { kind } = template;
    const form = await readForm(c);
    return answer(c, form, { kind, template }, () => {
      const body = parsed(updateTemplateBody, bodyOf(form, partsOf(kind), template.languages));
      return inConsole(c, (tx) => changeTemplate(tx, projectId, template.id, body, new Date()));
    });
  });

  router.get("/console/templates/:id/delete", async (c) => {
    const template = await readTemplate(db, c.var.viewer.projectId, c.req.param("id"));
    return c.html(<DeleteTemplatePage viewer={c.var.viewer} template={template} />);
  });

  router.post("/console/templates/:id/delete", smallForm, async (c) => {
    const { viewer } = c.var;
    const template = await readTemplate(db, viewer.projectId, c.req.param("id"));
    return submitForm(c, {
      work: async () => {
        await inConsole(c, (tx) => deleteTemplate(tx, viewer.projectId, template.id, new Date()));
        return "/console/templates?done=deleted";
      },
      again: (sheet) => <DeleteTemplatePage viewer={viewer} template={template} sheet={sheet} />,
    });
  });

  /** @param save is done by the one button that means it; the others show the form again. */
  async function answer(
    c: Context<ConsoleEnv>,
    form: Form,
    editing: Editing,
    save: () => Promise<TemplateWire>,
  ): Promise<Response> {
    const show = (sheet: Sheet, preview?: { at: number; of: Preview }) => (
      <TemplateFormPage viewer={c.var.viewer} {...editing} sheet={sheet} preview={preview} />
    );
    const changed = stepped(form);
    if (changed) return c.html(show(typedSheet(changed)));
    const at = previewed(form);
    try {
      if (at !== undefined) {
        const of = await previewTyped(c, form, editing.kind, at);
        return await withStyles(c).html(show(typedSheet(form), { at, of }));
      }
      const { id } = await save();
      return c.redirect(`${templateAddress(id)}?done=${editing.template ? "changed" : "created"}`, 303);
    } catch (error) {
      if (!(error instanceof Problem) || error.code === "not_found" || error.status >= 500) throw error;
      return c.html(show(atLanguages(refusedSheet(form, error), form, at)), error.status);
    }
  }

  function previewTyped(c: Context<ConsoleEnv>, form: Form, kind: Kind, at: number): Promise<Preview> {
    const parts = textsOf(form, at, partsOf(kind));
    const body = parsed(previewBody, { kind, parts, language: tagOf(form, at) || "en", ...audienceOf(form) });
    return previewTemplate(db, c.var.viewer.projectId, body);
  }
}

function audienceOf(form: Form) {
  return { customer: textOf(form, "customer"), voucher: textOf(form, "voucher") };
}

function partsOf(kind: string) {
  return adapterOf(kind)?.parts ?? [];
}

function withStyles(c: Context<ConsoleEnv>): Context<ConsoleEnv> {
  c.header("content-security-policy", previewPolicy);
  return c;
}
