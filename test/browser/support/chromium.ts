/** A real browser, and pages that remember everything that should not have happened in them. */
import type { BrowserContext, Page } from "playwright-core";
import { afterAll } from "vitest";
import { launchChromium } from "./launch.ts";
import { shared } from "./shared.ts";

export interface Visit {
  readonly page: Page;
  /** Errors and warnings of the console, exceptions, requests to other hosts, answers that were failures. */
  readonly troubles: readonly string[];
}

export interface VisitOptions {
  readonly baseUrl: string;
  readonly width?: number;
  readonly colorScheme?: "light" | "dark";
  /** False: a browser that runs no scripts. */
  readonly scripts?: boolean;
}

/**
 * Call it at the top of a file. Each visit has cookies and storage of its own, until the file ends.
 *
 * @param args of the browser, beside ours: whoever asks for the same ones shares it.
 */
export function useChromium(args: readonly string[] = []): { visit(options: VisitOptions): Promise<Visit> } {
  const contexts: BrowserContext[] = [];
  afterAll(async () => {
    await Promise.all(contexts.splice(0).map((context) => context.close()));
  });
  return {
    async visit({ baseUrl, width = 1280, colorScheme = "light", scripts = true }) {
      const browser = await shared(`chromium ${args.join(" ")}`, () => launchChromium(args));
      const context = await browser.newContext({
        baseURL: baseUrl,
        viewport: { width, height: 900 },
        colorScheme,
        javaScriptEnabled: scripts,
        timezoneId: "America/New_York",
        // What moves is drawn sixty times a second, by the processor.
        reducedMotion: "reduce",
      });
      contexts.push(context);
      const page = await context.newPage();
      const troubles = watch(page, baseUrl);
      return { page, troubles };
    },
  };
}

/** New York is west of Greenwich: a day that is read as an instant would show as the one before. */
function watch(page: Page, baseUrl: string): string[] {
  const troubles: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning")
      troubles.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => troubles.push(`exception: ${error.message}`));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`${baseUrl}/`) && !url.startsWith("data:") && !url.startsWith(`blob:${baseUrl}/`)) {
      troubles.push(`outside request: ${url}`);
    }
  });
  page.on("response", (response) => {
    if (response.status() >= 400) troubles.push(`answer ${response.status()}: ${response.url()}`);
  });
  return troubles;
}
