import { expect, it } from "vitest";
import { send } from "../support/answers.ts";
import { useApp } from "../support/app.ts";

const context = useApp();

/** Each with what says of which kind it is. */
const named = {
  campaigns: { type: "main" },
  channels: { kind: "popup" },
  keys: { kind: "secret" },
  members: {},
  pools: {},
  segments: {},
  templates: { kind: "popup" },
  workflows: {},
};

it("are refused where blanks stand at their ends, for they would look like others or like nothing", async () => {
  const project = await context.newProject();
  for (const [path, kind] of Object.entries(named)) {
    for (const name of [" ", "Summer ", "\u00a0Summer"]) {
      const { status, body } = await send(project, "POST", `/v1/${path}`, { ...kind, name });
      expect([path, status]).toEqual([path, 400]);
      expect([path, body.errors]).toContainEqual(
        expect.arrayContaining([{ pointer: "/name", detail: "Expected no blanks at the ends" }]),
      );
    }
  }
});
