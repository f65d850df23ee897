/** Channels, templates and customers to write to. */
import { type DeliveryOrder, enqueueDelivery, type Ordered } from "../../api/deliveries/enqueue.ts";
import { type SenderDeps, sendDelivery } from "../../api/deliveries/send.ts";
import { send } from "./answers.ts";
import type { TestApp, TestProject } from "./app.ts";

export interface Reachable {
  readonly channelId: string;
  readonly templateId: string;
  readonly customerId: string;
}

const texts = {
  en: { subject: "For {{ customer.name }}", text: "Hello {{ customer.name }}", html: "<p>{{ customer.name }}</p>" },
};

export async function newEmailChannel(project: TestProject, port: number, more: object = {}): Promise<string> {
  const body = {
    name: "Mail",
    kind: "email",
    settings: { host: "127.0.0.1", port, security: "none", from: { name: "Shop", email: "shop@shop.example" } },
    ...more,
  };
  return created(project, "/v1/channels", body);
}

export async function newTemplate(project: TestProject, more: object = {}): Promise<string> {
  const body = { name: "Hello", kind: "email", purpose: "marketing", language: "en", languages: texts, ...more };
  return created(project, "/v1/templates", body);
}

export async function newCustomer(project: TestProject, more: object = {}): Promise<string> {
  const identifier = `customer-${Math.random().toString(36).slice(2)}`;
  const body = { name: "Ada", email: `${identifier}@people.example`, phone: "+4915112345678", ...more };
  const consent = { email: true, sms: true, messenger: true, popup: true };
  const answer = await send(project, "PUT", `/v1/customers/${identifier}`, { consent, ...body });
  if (answer.status >= 300) throw new Error(JSON.stringify(answer.body));
  return answer.body.id;
}

async function created(project: TestProject, path: string, body: object): Promise<string> {
  const answer = await send(project, "POST", path, body);
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
  return answer.body.id;
}

export function order(
  { db }: TestApp,
  project: TestProject,
  given: Partial<DeliveryOrder> & Reachable,
  at: Date,
): Promise<Ordered> {
  const whole = { variables: {}, sourceId: `test:${Math.random()}`, ...given };
  return db.transaction().execute((tx) => enqueueDelivery(tx, project.projectId, whole, at));
}

/** Runs the delivery's job once, at a time. */
export async function work(
  { deps }: TestApp,
  project: TestProject,
  deliveryId: string,
  at: Date,
  more: Partial<SenderDeps> = {},
): Promise<void> {
  const sender = { outbound: undefined, ...deps, ...more };
  await sendDelivery(sender, { projectId: project.projectId, deliveryId }, () => at);
}

/** One of each, for suites that go over all routes. */
export async function everythingOfMessages(app: TestApp, project: TestProject) {
  const channelId = await newEmailChannel(project, 25);
  const templateId = await newTemplate(project);
  const customerId = await newCustomer(project);
  const delivery = await order(app, project, { channelId, templateId, customerId }, new Date());
  const listed = { kind: "email", address: "listed@people.example" };
  const suppression = await send(project, "POST", "/v1/suppressions", listed);
  return { channelId, templateId, deliveryId: delivery.id, suppressionId: suppression.body.id as string };
}
