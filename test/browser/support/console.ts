/** The application with a suspicious shop on a port, and reviewers who sign in to its console. */
import type { AddressInfo } from "node:net";
import { type ServerType, serve } from "@hono/node-server";
import { afterAll, beforeAll } from "vitest";
import { type ScoredApp, useScoredApp } from "../../integration/risk/scored-app.ts";
import { send } from "../../support/answers.ts";
import type { TestProject } from "../../support/app.ts";
import { attempt, openShop, ring, type Shop, settleShop } from "../../support/suspicious-shop.ts";
import { useChromium, type Visit, type VisitOptions } from "./chromium.ts";

export interface Console {
  readonly app: ScoredApp;
  readonly baseUrl: string;
  /** A shop of its own with the ring's attempts, all of them under review. */
  newShop(): Promise<{ readonly project: TestProject; readonly shop: Shop }>;
  /** Nobody yet. */
  visit(options?: Partial<VisitOptions>): Promise<Visit>;
  /** Signed in with a key of its own of this name, and led to the path. */
  signIn(project: TestProject, name: string, path: string, options?: ReviewerOptions): Promise<Visit>;
}

interface ReviewerOptions extends Partial<VisitOptions> {
  readonly scopes?: readonly string[];
}

/** Call it at the top of a file. Needs no dashboards, and builds none. @param args of the browser. */
export function useConsole(args: readonly string[] = []): Console {
  const app = useScoredApp();
  const browser = useChromium(args);
  const context = { app } as { -readonly [K in keyof Console]: Console[K] };
  let server: ServerType | undefined;
  beforeAll(async () => {
    context.baseUrl = await new Promise<string>((resolve) => {
      server = serve({ fetch: app.app.fetch, hostname: "127.0.0.1", port: 0 }, (address: AddressInfo) =>
        resolve(`http://127.0.0.1:${address.port}`),
      );
    });
  });
  afterAll(() => {
    if (server && "closeAllConnections" in server) server.closeAllConnections();
    server?.close();
  });
  context.newShop = async () => {
    const project = await app.newProject();
    const shop = await openShop(project);
    for (const one of ring) await attempt(app, project, shop, one);
    await settleShop(app);
    return { project, shop };
  };
  context.visit = (options = {}) => browser.visit({ baseUrl: context.baseUrl, ...options });
  context.signIn = async (project, name, path, { scopes = ["review"], ...options } = {}) => {
    const made = await send(project, "POST", "/v1/keys", { name, kind: "secret", scopes });
    if (made.status !== 201) throw new Error(`no key was made: ${JSON.stringify(made.body)}`);
    const visit = await context.visit(options);
    await visit.page.goto(path);
    await visit.page.getByLabel("Secret key").fill(made.body.key);
    await visit.page.getByRole("button", { name: "Sign in" }).click();
    await visit.page.locator("main h1").waitFor();
    return visit;
  };
  return context;
}
