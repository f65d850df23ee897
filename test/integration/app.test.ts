import { expect, it } from "vitest";
import { useApp } from "../support/app.ts";

const context = useApp();

it("answers a new project's key and refuses a request without one", async () => {
  const project = await context.newProject();
  expect((await project.request("GET", "/v1/keys")).status).toBe(200);
  expect((await project.request("GET", "/v1/keys", undefined, { authorization: "" })).status).toBe(401);
});
