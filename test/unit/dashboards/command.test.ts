import { expect, it } from "vitest";
import { runCommand } from "../../../api/dashboards/command.ts";

it("ends a running command when it is told to stop, without waiting for the command's own end", async () => {
  const abort = new AbortController();
  const run = runCommand({
    name: "endless",
    command: process.execPath,
    args: ["-e", "setInterval(() => undefined, 1000)"],
    cwd: process.cwd(),
    env: {},
    signal: abort.signal,
  });
  abort.abort(new Error("told to stop"));
  await expect(run).rejects.toThrow("told to stop");
});
