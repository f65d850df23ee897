/** Runs docs/loyalty.md. */
import { expect, it } from "vitest";
import { useApp } from "../support/app.ts";
import { runExamples } from "../support/documented.ts";
import { expectExactPoints } from "../support/points.ts";

const app = useApp();

it("holds in every example", async () => {
  const project = await app.newProject();
  expect(await runExamples(app, project, "loyalty.md")).toBeGreaterThan(30);
  await expectExactPoints(app.pool, project.projectId);
});
