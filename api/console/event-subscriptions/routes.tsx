/** Subscriptions to events: the verbs of /v1/event-subscriptions. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Deps } from "../../deps.ts";
import {
  changeSubscription,
  createSubscription,
  deleteSubscription,
  rotateSecret,
  testSubscription,
} from "../../event-subscriptions/change.ts";
import {
  pageOfEventDeliveries,
  pageOfSubscriptions,
  readEventDelivery,
  readReplay,
  readSubscription,
  type SubscriptionWire,
} from "../../event-subscriptions/read.ts";
import {
  deliveriesQuery,
  eventDeliveryStatuses,
  replayBody,
  rotateBody,
  subscriptionBody,
  subscriptionPatch,
  toSubscriptionWire,
} from "../../event-subscriptions/schemas.ts";
import { orderReplay, redeliver } from "../../event-subscriptions/send-again.ts";
import { familiesOf } from "../../event-subscriptions/types.ts";
import { databaseNow } from "../../http/occurred-at.ts";
import { Problem } from "../../http/problem.ts";
import { campaignNames } from "../campaign-names.ts";
import { once } from "../parts/attempt.tsx";
import { parsed, submitForm } from "../parts/form.tsx";
import { instantOf } from "../parts/moments.tsx";
import { atFields } from "../parts/nearest-field.ts";
import { refusedSheet, type Sheet, textOf, typedSheet } from "../parts/sheet.ts";
import { answerOnce } from "../parts/shown-once.tsx";
import { inConsole } from "../transaction.ts";
import { type ConsoleEnv, maySee, readForm, requireScope, smallForm } from "../viewer.ts";
import { SubscriptionFormPage } from "./form-page.tsx";
import { SubscriptionsPage } from "./list-page.tsx";
import { DeleteSubscriptionPage, EventDeliveryPage, RotateSecretPage, SecretPage } from "./other-pages.tsx";
import { bodyOf, formOf, wordsOf } from "./subscription-form.ts";
import { SubscriptionPage } from "./subscription-page.tsx";
import { subscriptionAddress } from "./words.tsx";

const perPage = 25;
const root = "/console/event-subscriptions";
const fields = ["url", "description", "types", "filter.campaign_ids"];

/** What a form that is sent twice answers the second time is kept, and no secret with it. */
interface Made {
  readonly subscription: SubscriptionWire;
  readonly secret: string | null;
}
const withoutSecret = ({ subscription }: Made): Made => ({ subscription, secret: null });

export function mountEventSubscriptions(router: OpenAPIHono<ConsoleEnv>, deps: Deps): void {
  const { db } = deps;
  router.use(`${root}/*`, requireScope("Event subscriptions", "manage"));

  router.get(root, async (c) => {
    const { viewer } = c.var;
    const cursor = c.req.query("cursor");
    const page = await pageOfSubscriptions(db, viewer.projectId, { limit: perPage, cursor });
    return c.html(<SubscriptionsPage viewer={viewer} page={page} cursor={cursor} done={c.req.query("done")} />);
  });

  router.get(`${root}/new`, async (c) =>
    c.html(<SubscriptionFormPage {...(await around(c))} sheet={typedSheet({ every: ["some"] })} />),
  );

  router.post(root, smallForm, async (c) => {
    const page = await around(c);
    return answerOnce(c, {
      work: async (form) => {
        const body = parsed(subscriptionBody, { ...bodyOf(form), with_risk: form.with_risk?.includes("on") ?? false });
        const made = await once(
          c,
          form,
          "event-subscription",
          body,
          async (tx): Promise<Made> => {
            const { row, secret } = await createSubscription(tx, deps, c.var.auth, body, await databaseNow(tx));
            return { subscription: toSubscriptionWire(row), secret };
          },
          withoutSecret,
        );
        return <SecretPage viewer={c.var.viewer} title="The subscription was made" {...made} />;
      },
      again: (sheet) => <SubscriptionFormPage {...page} sheet={atFields(sheet, fields)} />,
    });
  });

  router.get(`${root}/:id`, async (c) => {
    const replayId = c.req.query("replay");
    const { projectId } = c.var.viewer;
    const id = c.req.param("id");
    const replay = replayId === undefined ? undefined : await readReplay(db, projectId, id, replayId);
    return show(c, id, { done: c.req.query("done"), replay });
  });

  router.get(`${root}/:id/edit`, async (c) => {
    const page = await around(c);
    const subscription = await readSubscription(db, c.var.viewer.projectId, c.req.param("id"));
    const sheet = typedSheet(formOf(subscription, [...page.families.keys()]));
    return c.html(<SubscriptionFormPage {...page} subscription={subscription} sheet={sheet} />);
  });

  router.post(`${root}/:id/edit`, smallForm, async (c) => {
    const page = await around(c);
    const subscription = await readSubscription(db, c.var.viewer.projectId, c.req.param("id"));
    return submitForm(c, {
      work: async (form) => {
        const patch = parsed(subscriptionPatch, bodyOf(form));
        await inConsole(c, async (tx) =>
          changeSubscription(tx, deps, c.var.auth, subscription.id, patch, await databaseNow(tx)),
        );
        return `${subscriptionAddress(subscription.id)}?done=changed`;
      },
      again: (sheet) => <SubscriptionFormPage {...page} subscription={subscription} sheet={atFields(sheet, fields)} />,
    });
  });

  for (const move of ["enable", "disable"] as const) {
    router.post(`${root}/:id/${move}`, smallForm, async (c) => {
      const id = c.req.param("id");
      const form = await readForm(c);
      const status = move === "enable" ? ("active" as const) : ("disabled" as const);
      try {
        await inConsole(c, async (tx) =>
          changeSubscription(tx, deps, c.var.auth, id, { status }, await databaseNow(tx)),
        );
        return c.redirect(`${subscriptionAddress(id)}?done=${move}d`, 303);
      } catch (error) {
        return refused(c, id, error, (problem) => ({ sheet: refusedSheet(form, problem) }));
      }
    });
  }

  // What the receiver said has no address: it was said once.
  router.post(`${root}/:id/test`, smallForm, async (c) => {
    const id = c.req.param("id");
    const form = await readForm(c);
    try {
      const tested = await testSubscription(deps, c.var.auth, id, new Date());
      return await show(c, id, { tested });
    } catch (error) {
      return refused(c, id, error, (problem) => ({ sheet: refusedSheet(form, problem) }));
    }
  });

  router.post(`${root}/:id/replay`, smallForm, async (c) => {
    const id = c.req.param("id");
    const form = await readForm(c);
    try {
      const types = wordsOf(textOf(form, "types"));
      const body = parsed(replayBody, {
        from: instantOf(textOf(form, "from"), "UTC"),
        to: instantOf(textOf(form, "to"), "UTC"),
        ...(types.length === 0 ? {} : { types }),
      });
      const made = await once(c, form, "event-replay", { id, ...body }, (tx) => orderReplay(tx, c.var.auth, id, body));
      return c.redirect(`${subscriptionAddress(id)}?replay=${made.id}`, 303);
    } catch (error) {
      return refused(c, id, error, (problem) => ({
        replaySheet: atFields(refusedSheet(form, problem), ["from", "to", "types"]),
      }));
    }
  });

  router.get(`${root}/:id/rotate`, async (c) => {
    const subscription = await readSubscription(db, c.var.viewer.projectId, c.req.param("id"));
    return c.html(<RotateSecretPage viewer={c.var.viewer} subscription={subscription} />);
  });

  router.post(`${root}/:id/rotate`, smallForm, async (c) => {
    const { viewer } = c.var;
    const subscription = await readSubscription(db, viewer.projectId, c.req.param("id"));
    return answerOnce(c, {
      work: async (form) => {
        const { grace_seconds: grace } = parsed(rotateBody, { grace_seconds: Number(textOf(form, "grace_seconds")) });
        const made = await once(
          c,
          form,
          "event-secret",
          { id: subscription.id, grace },
          async (tx): Promise<Made> => {
            const rotated = await rotateSecret(tx, deps, c.var.auth, subscription.id, grace, await databaseNow(tx));
            return { subscription: toSubscriptionWire(rotated.row), secret: rotated.secret };
          },
          withoutSecret,
        );
        return <SecretPage viewer={viewer} title="The new secret" {...made} />;
      },
      again: (sheet) => <RotateSecretPage viewer={viewer} subscription={subscription} sheet={sheet} />,
    });
  });

  router.get(`${root}/:id/deliveries/:event`, (c) => showDelivery(c, { done: c.req.query("done") }));

  router.post(`${root}/:id/deliveries/:event/redeliver`, smallForm, async (c) => {
    const { id, event } = c.req.param();
    const form = await readForm(c);
    try {
      await inConsole(c, (tx) => redeliver(tx, c.var.auth, id, event));
      return c.redirect(`${subscriptionAddress(id)}/deliveries/${encodeURIComponent(event)}?done=again`, 303);
    } catch (error) {
      if (!(error instanceof Problem) || error.code === "not_found" || error.status >= 500) throw error;
      return showDelivery(c, { sheet: refusedSheet(form, error) }, error.status);
    }
  });

  router.get(`${root}/:id/delete`, async (c) => {
    const subscription = await readSubscription(db, c.var.viewer.projectId, c.req.param("id"));
    return c.html(<DeleteSubscriptionPage viewer={c.var.viewer} subscription={subscription} />);
  });

  router.post(`${root}/:id/delete`, smallForm, async (c) => {
    const { viewer } = c.var;
    const subscription = await readSubscription(db, viewer.projectId, c.req.param("id"));
    return submitForm(c, {
      work: async () => {
        await inConsole(c, (tx) => deleteSubscription(tx, c.var.auth, subscription.id));
        return `${root}?done=deleted`;
      },
      again: (sheet) => <DeleteSubscriptionPage viewer={viewer} subscription={subscription} sheet={sheet} />,
    });
  });

  async function around(c: Context<ConsoleEnv>) {
    const { viewer } = c.var;
    const campaigns = await campaignNames(db, viewer.projectId);
    return { viewer, campaigns, families: familiesOf(maySee(viewer, ["review"])) };
  }

  type Shown = Pick<Parameters<typeof SubscriptionPage>[0], "done" | "replay" | "sheet" | "replaySheet" | "tested">;

  async function show(c: Context<ConsoleEnv>, id: string, shown: Shown, httpStatus: Problem["status"] = 200) {
    const { viewer } = c.var;
    const cursor = c.req.query("cursor");
    const status = eventDeliveryStatuses.find((one) => one === c.req.query("status"));
    const query = parsed(deliveriesQuery, { limit: String(perPage), cursor, status });
    const [subscription, deliveries] = await Promise.all([
      readSubscription(db, viewer.projectId, id),
      pageOfEventDeliveries(db, viewer.projectId, id, query),
    ]);
    const campaigns = subscription.filter === null ? [] : await campaignNames(db, viewer.projectId);
    const page = { viewer, subscription, deliveries, campaigns, status, cursor };
    return c.html(<SubscriptionPage {...page} {...shown} />, httpStatus);
  }

  async function refused(c: Context<ConsoleEnv>, id: string, error: unknown, shown: (problem: Problem) => Shown) {
    if (!(error instanceof Problem) || error.code === "not_found" || error.status >= 500) throw error;
    return show(c, id, shown(error), error.status);
  }

  async function showDelivery(
    c: Context<ConsoleEnv>,
    shown: { done?: string | undefined; sheet?: Sheet },
    status: Problem["status"] = 200,
  ) {
    const { viewer } = c.var;
    const { id = "", event = "" } = c.req.param() as { id?: string; event?: string };
    const subscription = await readSubscription(db, viewer.projectId, id);
    const delivery = await readEventDelivery(db, viewer.projectId, id, event);
    const page = { viewer, subscription, delivery };
    return c.html(<EventDeliveryPage {...page} {...shown} />, status);
  }
}
