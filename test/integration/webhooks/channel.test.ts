import { randomBytes } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { afterEach, expect, it } from "vitest";
import { runDeliveries } from "../../../api/deliveries/run.ts";
import { publicOnly } from "../../../api/outbound/vet.ts";
import { send } from "../../support/answers.ts";
import { useApp } from "../../support/app.ts";
import { newCustomer, newTemplate, order, work } from "../../support/messages.ts";
import { type Receiver, startReceiver } from "../../support/receiver.ts";
import { workUntil } from "../../support/workers.ts";

const context = useApp();
let receiver: Receiver | undefined;
afterEach(async () => receiver?.close());

it("posts a customer's message to the receiver, signed, again under the same id when it fails first", async () => {
  let status = 503;
  receiver = await startReceiver((response) => response.writeHead(status).end());
  const project = await context.newProject();
  const secret = `whsec_${randomBytes(32).toString("base64")}`;
  const channel = { name: "Hook", kind: "webhook", settings: { url: receiver.url } };
  const short = await send(project, "POST", "/v1/channels", { ...channel, credentials: { secret: "whsec_c2hvcnQ=" } });
  expect(short.status).toBe(400);
  const without = await send(project, "POST", "/v1/channels", channel);
  expect([without.status, without.body.errors?.[0].pointer]).toEqual([400, "/credentials"]);
  const made = await send(project, "POST", "/v1/channels", { ...channel, credentials: { secret } });
  expect(made.status).toBe(201);
  expect(JSON.stringify(made.body)).not.toContain(secret.slice(6, 20));
  const languages = { en: { text: "Hello {{ customer.name }}" } };
  const templateId = await newTemplate(project, { kind: "webhook", languages });
  const customerId = await newCustomer(project);
  const at = new Date();
  const ordered = await order(context, project, { channelId: made.body.id, templateId, customerId }, at);
  expect(ordered).toMatchObject({ status: "queued" });
  await work(context, project, ordered.id, at);
  status = 200;
  await work(context, project, ordered.id, new Date(at.getTime() + 60_000));
  expect(receiver.ids()).toEqual([ordered.id, ordered.id]);
  for (const { body, headers } of receiver.received) {
    expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toMatchObject({
      type: "message",
      data: { delivery_id: ordered.id, text: "Hello Ada" },
    });
  }
  const { body } = await send(project, "GET", `/v1/deliveries/${ordered.id}`);
  expect(body).toMatchObject({ status: "sent" });
});

it("may have arrived where the receiver had it and gave no answer", async () => {
  receiver = await startReceiver((response) => response.destroy());
  const project = await context.newProject();
  const secret = `whsec_${randomBytes(32).toString("base64")}`;
  const channel = { name: "Hook", kind: "webhook", settings: { url: receiver.url }, credentials: { secret } };
  const channelId = (await send(project, "POST", "/v1/channels", channel)).body.id;
  const templateId = await newTemplate(project, { kind: "webhook", languages: { en: { text: "Hello" } } });
  const customerId = await newCustomer(project);
  const at = new Date();
  const { id } = await order(context, project, { channelId, templateId, customerId }, at);
  await work(context, project, id, at);
  expect((await send(project, "GET", `/v1/deliveries/${id}`)).body).toMatchObject({
    status: "queued",
    may_have_arrived: true,
  });
});

it("is not sent where the address is not public", async () => {
  receiver = await startReceiver();
  const project = await context.newProject();
  const secret = `whsec_${randomBytes(32).toString("base64")}`;
  const channel = { name: "Hook", kind: "webhook", settings: { url: receiver.url }, credentials: { secret } };
  const channelId = (await send(project, "POST", "/v1/channels", channel)).body.id;
  const templateId = await newTemplate(project, { kind: "webhook", languages: { en: { text: "Hello" } } });
  const customerId = await newCustomer(project);
  const ordered = await order(context, project, { channelId, templateId, customerId }, new Date());
  await work(context, project, ordered.id, new Date(), { outbound: publicOnly });
  expect(receiver.received).toEqual([]);
  expect((await send(project, "GET", `/v1/deliveries/${ordered.id}`)).body).toMatchObject({
    status: "failed",
    reason: "url_refused",
  });
});

it("is given few messages at once after it hung, so that those of others have the places", async () => {
  receiver = await startReceiver(() => undefined);
  const project = await context.newProject();
  const secret = `whsec_${randomBytes(32).toString("base64")}`;
  const channel = { name: "Hook", kind: "webhook", settings: { url: receiver.url }, credentials: { secret } };
  const channelId = (await send(project, "POST", "/v1/channels", channel)).body.id;
  const templateId = await newTemplate(project, { kind: "webhook", languages: { en: { text: "Hello" } } });
  const customerId = await newCustomer(project);
  const count = 16;
  const given = { channelId, templateId, customerId };
  await Promise.all(Array.from({ length: count }, () => order(context, project, given, new Date())));
  const attempts = async () => {
    const { rows } = await context.pool.query<{ started_at: Date; ended_at: Date }>(
      "select started_at, ended_at from delivery_attempt where project_id = $1 order by started_at",
      [project.projectId],
    );
    return rows;
  };
  const deps = { outbound: undefined, ...context.deps, attemptMs: 300 };
  await workUntil([(signal) => runDeliveries(deps, signal, 200)], async () => (await attempts()).length === count);
  const all = await attempts();
  const atOnceFrom = (place: number) =>
    all.slice(place).filter(({ started_at }) => started_at < (all[place]?.ended_at ?? 0)).length;
  // The first ten hung together, and the six after them would have.
  expect(atOnceFrom(10)).toBeLessThan(4);
});
