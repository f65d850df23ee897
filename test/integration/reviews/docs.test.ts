/** Runs docs/reviews.md. */
import { expect, it } from "vitest";
import { runExamples } from "../../support/documented.ts";
import { useScoredApp } from "../risk/scored-app.ts";
import { follow } from "./queue.ts";

const app = useScoredApp();

it("holds in every example", async () => {
  const project = await app.newProject();
  expect(await runExamples(app, project, "reviews.md", () => follow(app))).toBe(16);
});
