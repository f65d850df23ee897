import { pino } from "pino";
import { expect, it } from "vitest";
import { emailSettings } from "../../../api/channels/email/settings.ts";
import { poolOf } from "../../../api/channels/email/transport.ts";

type Context = Parameters<typeof poolOf>[0];

const settings = emailSettings.parse({ host: "mail.example", from: { email: "shop@shop.example" } });

function contextOf(id: string, version = "1"): Context {
  const deps = { log: pino({ level: "silent" }), outbound: undefined } as unknown as Context["deps"];
  const channel = { id, name: id, version, settings, credentials: null };
  return { deps, projectId: "prj_1", channel, attempt: 1, at: new Date(0), signal: new AbortController().signal };
}

it("keeps a channel's mail pool, and what is queued in it, while as many others send as a process has under way", () => {
  const first = poolOf(contextOf("chn_first"));
  for (let other = 0; other < 120; other += 1) poolOf(contextOf(`chn_${other}`));
  expect(poolOf(contextOf("chn_first"))).toBe(first);
  expect(poolOf(contextOf("chn_first", "2"))).not.toBe(first);
});
