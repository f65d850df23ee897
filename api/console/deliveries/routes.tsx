/** The delivery log and suppressed addresses: the verbs of /v1/deliveries and /v1/suppressions. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import { pageOfDeliveries, readDelivery } from "../../deliveries/read.ts";
import { retryDelivery } from "../../deliveries/retry.ts";
import { deliveriesQuery } from "../../deliveries/schemas.ts";
import type { Deps } from "../../deps.ts";
import { Problem } from "../../http/problem.ts";
import { signedTransaction } from "../../reviews/actor.ts";
import { addSuppression, pageOfSuppressions, removeSuppression } from "../../suppressions/change.ts";
import { suppressionBody, suppressionsQuery } from "../../suppressions/schemas.ts";
import { parsed, submitForm } from "../parts/form.tsx";
import { instantOf } from "../parts/moments.tsx";
import { freshSheet, refusedSheet, textOf } from "../parts/sheet.ts";
import { actorOf, type ConsoleEnv, readForm, requireScope, smallForm } from "../viewer.ts";
import { type Asked, askedNames, DeliveriesPage, DeliveryPage, deliveryAddress } from "./pages.tsx";
import { SuppressionsPage } from "./suppressions-page.tsx";

const perPage = "50";

export function mountDeliveries(router: OpenAPIHono<ConsoleEnv>, deps: Deps): void {
  for (const path of ["/console/deliveries/*", "/console/suppressions/*"]) {
    router.use(path, requireScope("Deliveries", "manage"));
  }

  router.get("/console/deliveries", async (c) => {
    const { viewer } = c.var;
    const asked = askedOf(c.req.query());
    const cursor = c.req.query("cursor");
    try {
      const from = instantOf(asked.from, "UTC");
      const query = parsed(deliveriesQuery, { ...asked, limit: perPage, cursor, from, to: instantOf(asked.to, "UTC") });
      const page = await pageOfDeliveries(deps.db, viewer.projectId, query);
      return c.html(<DeliveriesPage viewer={viewer} asked={asked} page={page} cursor={cursor} sheet={freshSheet} />);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const typed = Object.fromEntries(Object.entries(asked).map(([name, value]) => [name, [value]]));
      const sheet = refusedSheet(typed, error);
      const none = { data: [], next_cursor: null };
      return c.html(
        <DeliveriesPage viewer={viewer} asked={asked} page={none} cursor={undefined} sheet={sheet} />,
        error.status,
      );
    }
  });

  router.get("/console/deliveries/:id", async (c) => {
    const delivery = await readDelivery(deps.db, c.var.viewer.projectId, c.req.param("id"));
    return c.html(<DeliveryPage viewer={c.var.viewer} delivery={delivery} done={c.req.query("done")} />);
  });

  router.post("/console/deliveries/:id/retry", smallForm, async (c) => {
    const { viewer } = c.var;
    const delivery = await readDelivery(deps.db, viewer.projectId, c.req.param("id"));
    return submitForm(c, {
      work: async () => {
        await signedTransaction(deps.pool, actorOf(c), ({ tx }) =>
          retryDelivery(tx, viewer.projectId, delivery.id, new Date()),
        );
        return `${deliveryAddress(delivery.id)}?done=retried`;
      },
      again: (sheet) => <DeliveryPage viewer={viewer} delivery={delivery} sheet={sheet} />,
    });
  });

  const suppressions = (projectId: string, cursor: string | undefined) =>
    pageOfSuppressions(deps.db, projectId, parsed(suppressionsQuery, { limit: perPage, cursor }));

  router.get("/console/suppressions", async (c) => {
    const cursor = c.req.query("cursor");
    const page = await suppressions(c.var.viewer.projectId, cursor);
    return c.html(<SuppressionsPage viewer={c.var.viewer} page={page} cursor={cursor} done={c.req.query("done")} />);
  });

  router.post("/console/suppressions", smallForm, async (c) => {
    const { viewer } = c.var;
    const form = await readForm(c);
    try {
      const body = parsed(suppressionBody, { kind: textOf(form, "kind"), address: textOf(form, "address") ?? "" });
      await signedTransaction(deps.pool, actorOf(c), ({ tx }) =>
        addSuppression(tx, viewer.projectId, body, new Date()),
      );
      return c.redirect("/console/suppressions?done=added", 303);
    } catch (error) {
      if (!(error instanceof Problem) || error.status >= 500) throw error;
      const page = await suppressions(viewer.projectId, undefined);
      const sheet = refusedSheet(form, error);
      return c.html(<SuppressionsPage viewer={viewer} page={page} cursor={undefined} sheet={sheet} />, error.status);
    }
  });

  router.post("/console/suppressions/:id/remove", smallForm, async (c) => {
    const { projectId } = c.var.viewer;
    await readForm(c);
    await signedTransaction(deps.pool, actorOf(c), ({ tx }) => removeSuppression(tx, projectId, c.req.param("id")));
    return c.redirect("/console/suppressions?done=removed", 303);
  });
}

function askedOf(query: Readonly<Record<string, string>>): Asked {
  const given = askedNames.flatMap((name) => {
    const value = query[name]?.trim();
    return value === undefined || value === "" ? [] : [[name, value] as const];
  });
  return Object.fromEntries(given);
}
