/** The application with a suspicious shop on a port, and reviewers who sign in to its console. */
import { beforeAll } from "vitest";
import { addScores, type ScoredApp } from "../../integration/risk/scored-app.ts";
import { send } from "../../support/answers.ts";
import { openApp, type TestProject } from "../../support/app.ts";
import { openStores } from "../../support/stores.ts";
import { attempt, openShop, ring, type Shop, settleShop } from "../../support/suspicious-shop.ts";
import { useChromium, type Visit, type VisitOptions } from "./chromium.ts";
import { listen } from "./listen.ts";
import { shared } from "./shared.ts";

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
  const browser = useChromium(args);
  const context = {} as { -readonly [K in keyof Console]: Console[K] };
  beforeAll(async () => {
    Object.assign(context, await shared("console", serveConsole));
  });
  context.newShop = async () => {
    const project = await context.app.newProject();
    const shop = await openShop(project);
    for (const one of ring) await attempt(context.app, project, shop, one);
    await settleShop(context.app);
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

async function serveConsole(): Promise<Pick<Console, "app" | "baseUrl">> {
  const { stores } = await openStores();
  const app = addScores(await openApp(stores));
  return { app, baseUrl: await listen(app.app) };
}
