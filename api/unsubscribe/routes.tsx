/** Where unsubscribe links lead. Opening one changes nothing: mail programs and scanners open links by themselves. */
import type { Context } from "hono";
import type { Deps } from "../deps.ts";
import type { AppEnv } from "../http/environment.ts";
import { createRouter } from "../http/router.ts";
import { AskPage, DonePage, UnknownPage } from "./pages.tsx";
import { readSubscription, type Subscription } from "./token.ts";
import { withdrawConsent } from "./withdraw.ts";

const policy =
  "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

export function unsubscribeRoutes({ db }: Deps) {
  const router = createRouter();

  router.get("/unsubscribe/:token", async (c) => {
    const found = await find(c);
    return found ? c.html(<AskPage {...found} />) : c.html(<UnknownPage />, 404);
  });

  // RFC 8058: mail programs post here when their own button is pressed, and follow no redirect. The body says nothing
  // that the address does not, so it is not read.
  router.post("/unsubscribe/:token", async (c) => {
    const found = await find(c);
    if (found === undefined) return c.html(<UnknownPage />, 404);
    await db.transaction().execute((tx) => withdrawConsent(tx, found, new Date()));
    return c.html(<DonePage {...found} />);
  });

  async function find(c: Context<AppEnv>): Promise<(Subscription & { shop: string }) | undefined> {
    c.header("content-security-policy", policy);
    c.header("cache-control", "no-store");
    const subscription = await readSubscription(db, c.req.param("token") ?? "");
    if (subscription === undefined) return undefined;
    const project = await db
      .selectFrom("project")
      .select("name")
      .where("id", "=", subscription.projectId)
      .executeTakeFirst();
    return project && { ...subscription, shop: project.name };
  }

  return router;
}
