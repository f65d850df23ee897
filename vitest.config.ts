import { defineConfig } from "vitest/config";

/** Both stores, started once for all projects that name it. */
const withStores = ["test/support/global-setup.ts"];

export default defineConfig({
  test: {
    pool: "forks",
    // Two cores are what CI has; each file holds a database of its own in both stores.
    maxWorkers: 2,
    passWithNoTests: false,
    projects: [
      { test: { name: "unit", include: ["test/unit/**/*.test.ts"], isolate: false, testTimeout: 20_000 } },
      stores("integration"),
      stores("warehouse"),
      stores("parity"),
      // Packages of their own: `npm run test:notebooks`.
      stores("notebooks"),
      {
        // Whole processes, timed by deadlines: two at a time, after everything else.
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          sequence: { groupOrder: 1 },
          testTimeout: 90_000,
          hookTimeout: 90_000,
        },
      },
      inBrowser("browser"),
      // They build the pages first: `npm run test:dashboards`.
      inBrowser("dashboards"),
    ],
  },
});

function stores(name: string) {
  return {
    test: {
      name,
      // A process loads the product once, not once for each file: a third of all time went there.
      isolate: false,
      include: [`test/${name}/**/*.test.ts`, `test/${name}/**/*.test.tsx`],
      globalSetup: withStores,
      testTimeout: 60_000,
      hookTimeout: 60_000,
    },
  };
}

function inBrowser(name: string) {
  return {
    test: {
      ...stores(name).test,
      // One after the other in one process: they share an application and a browser (test/browser/support/shared.ts).
      fileParallelism: false,
      sequence: { groupOrder: 2 },
      testTimeout: 120_000,
      hookTimeout: 120_000,
    },
  };
}
