/** Channels: the verbs of /v1/channels. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { channelKinds } from "../../channels/adapters.ts";
import { changeChannel, createChannel, deleteChannel } from "../../channels/change.ts";
import { pageOfChannels, readChannel } from "../../channels/read.ts";
import { createChannelBody, testBody, updateChannelBody } from "../../channels/schemas.ts";
import { tryChannel } from "../../channels/try-channel.ts";
import type { Deps } from "../../deps.ts";
import { invalid, Problem } from "../../http/problem.ts";
import { templateNames } from "../names.ts";
import { once } from "../parts/attempt.tsx";
import { parsed, submitForm } from "../parts/form.tsx";
import { atFields } from "../parts/nearest-field.ts";
import { refusedSheet, type Sheet, textOf, typedSheet } from "../parts/sheet.ts";
import { inConsole } from "../transaction.ts";
import { type ConsoleEnv, type Form, readForm, requireScope, smallForm } from "../viewer.ts";
import {
  blankForm,
  credentialsOf,
  fieldsOf,
  formOf,
  limitsOf,
  settingsOf,
  withoutCredentials,
} from "./channel-form.ts";
import { ChannelPage, DeleteChannelPage } from "./channel-page.tsx";
import { ChannelFormPage, ChooseKindPage, NoFormPage } from "./form-page.tsx";
import type { Kind } from "./kinds.ts";
import { ChannelsPage, channelAddress } from "./list-page.tsx";

const perPage = 50;
const kindOf = (text: string | undefined) => channelKinds.find((kind) => kind === text);

export function mountChannels(router: OpenAPIHono<ConsoleEnv>, deps: Deps): void {
  const { db } = deps;
  router.use("/console/channels/*", requireScope("Channels", "manage"));

  router.get("/console/channels", async (c) => {
    const { viewer } = c.var;
    const [cursor, kind] = [c.req.query("cursor"), kindOf(c.req.query("kind"))];
    const page = await pageOfChannels(db, viewer.projectId, { limit: perPage, cursor, kind });
    const shown = { viewer, page, kinds: channelKinds, kind, cursor, done: c.req.query("done") };
    return c.html(<ChannelsPage {...shown} />);
  });

  router.get("/console/channels/new", (c) => {
    const { viewer } = c.var;
    const kind = kindOf(c.req.query("kind"));
    if (kind === undefined) return c.html(<ChooseKindPage viewer={viewer} kinds={channelKinds} />);
    return c.html(<ChannelFormPage viewer={viewer} kind={kind} sheet={typedSheet(blankForm(kind))} />);
  });

  router.post("/console/channels", smallForm, (c) => {
    const { viewer } = c.var;
    return submitForm(c, {
      work: async (form) => {
        const kind = kindOf(textOf(form, "kind"));
        if (kind === undefined) throw invalid("/kind", "There is no such kind.");
        const credentials = credentialsOf(kind, form);
        const body = parsed(createChannelBody, {
          kind,
          name: textOf(form, "name") ?? "",
          settings: settingsOf(kind, form),
          ...(credentials === undefined ? {} : { credentials }),
          ...limitsOf(form),
        });
        const made = await once(c, form, "channel", body, (tx) =>
          createChannel(tx, deps, viewer.projectId, body, new Date()),
        );
        return `${channelAddress(made.id)}?done=created`;
      },
      again: (sheet, form) => {
        const kind = kindOf(textOf(form, "kind")) ?? "email";
        return <ChannelFormPage viewer={viewer} kind={kind} sheet={shownAgain(sheet, form, kind)} />;
      },
    });
  });

  router.get("/console/channels/:id", (c) => show(c, c.req.param("id"), { done: c.req.query("done") }));

  router.get("/console/channels/:id/edit", async (c) => {
    const { viewer } = c.var;
    const channel = await readChannel(db, viewer.projectId, c.req.param("id"));
    const form = formOf(channel);
    if (form === undefined) return c.html(<NoFormPage viewer={viewer} channel={channel} />);
    return c.html(<ChannelFormPage viewer={viewer} kind={channel.kind} sheet={typedSheet(form)} channel={channel} />);
  });

  router.post("/console/channels/:id/edit", smallForm, async (c) => {
    const { viewer } = c.var;
    const channel = await readChannel(db, viewer.projectId, c.req.param("id"));
    const { kind } = channel;
    return submitForm(c, {
      work: async (form) => {
        const credentials = credentialsOf(kind, form);
        const change = parsed(updateChannelBody, {
          name: textOf(form, "name") ?? "",
          settings: settingsOf(kind, form, channel.settings),
          ...(credentials === undefined ? {} : { credentials }),
          ...limitsOf(form),
        });
        await inConsole(c, (tx) => changeChannel(tx, deps, viewer.projectId, channel.id, change, new Date()));
        return `${channelAddress(channel.id)}?done=changed`;
      },
      again: (sheet, form) => (
        <ChannelFormPage viewer={viewer} kind={kind} sheet={shownAgain(sheet, form, kind)} channel={channel} />
      ),
    });
  });

  for (const move of ["pause", "resume"] as const) {
    router.post(`/console/channels/:id/${move}`, smallForm, async (c) => {
      const { projectId } = c.var.viewer;
      await readForm(c);
      const change = { enabled: move === "resume" };
      const { id } = await inConsole(c, (tx) =>
        changeChannel(tx, deps, projectId, c.req.param("id"), change, new Date()),
      );
      return c.redirect(`${channelAddress(id)}?done=${move}d`, 303);
    });
  }

  // What the provider said has no address: it was said once.
  router.post("/console/channels/:id/test", smallForm, async (c) => {
    const id = c.req.param("id");
    const form = await readForm(c);
    const names = ["address", "customer", "template_id"] as const;
    const asked = Object.fromEntries(names.map((name) => [name, textOf(form, name)]));
    try {
      const tried = await tryChannel(deps, c.var.viewer.projectId, id, parsed(testBody, asked), new Date());
      return await show(c, id, { tried, sheet: typedSheet(form) });
    } catch (error) {
      if (!(error instanceof Problem) || error.code === "not_found" || error.status >= 500) throw error;
      return show(c, id, { sheet: refusedSheet(form, error) }, error.status);
    }
  });

  router.get("/console/channels/:id/delete", async (c) => {
    const channel = await readChannel(db, c.var.viewer.projectId, c.req.param("id"));
    return c.html(<DeleteChannelPage viewer={c.var.viewer} channel={channel} />);
  });

  router.post("/console/channels/:id/delete", smallForm, async (c) => {
    const { viewer } = c.var;
    const channel = await readChannel(db, viewer.projectId, c.req.param("id"));
    return submitForm(c, {
      work: async () => {
        await inConsole(c, (tx) => deleteChannel(tx, viewer.projectId, channel.id, new Date()));
        return "/console/channels?done=deleted";
      },
      again: (sheet) => <DeleteChannelPage viewer={viewer} channel={channel} sheet={sheet} />,
    });
  });

  interface Shown {
    readonly done?: string | undefined;
    readonly sheet?: Sheet;
    readonly tried?: Awaited<ReturnType<typeof tryChannel>>;
  }

  async function show(c: Context<ConsoleEnv>, id: string, shown: Shown, status: Problem["status"] = 200) {
    const { viewer } = c.var;
    const channel = await readChannel(db, viewer.projectId, id);
    const templates = await templateNames(db, viewer.projectId, channel.kind);
    return c.html(<ChannelPage viewer={viewer} channel={channel} templates={templates} {...shown} />, status);
  }
}

function shownAgain(sheet: Sheet, form: Form, kind: Kind): Sheet {
  return atFields({ ...sheet, typed: withoutCredentials(form) }, fieldsOf(kind));
}
