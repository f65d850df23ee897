import type { AddressInfo } from "node:net";
import { createServer as createTcpServer } from "node:net";
import { type CompiledQuery, Kysely, PostgresDialect } from "kysely";
import { expect, it, onTestFinished } from "vitest";
import type { DB } from "../../../api/db/tables.ts";
import { forgetDeliveries } from "../../../api/deliveries/forget.ts";
import { pickDue } from "../../../api/deliveries/pick.ts";
import { pageOfDeliveries } from "../../../api/deliveries/read.ts";
import { runDeliveries } from "../../../api/deliveries/run.ts";
import { send } from "../../support/answers.ts";
import { type TestProject, useApp } from "../../support/app.ts";
import { setUpStock } from "../../support/campaign-stock.ts";
import { type MailServer, startMailServer } from "../../support/mail-server.ts";
import { newCustomer, newEmailChannel, newTemplate, order, type Reachable, work } from "../../support/messages.ts";
import { workUntil } from "../../support/workers.ts";

const context = useApp();
const noon = new Date("2026-11-23T12:00:00Z");
const later = (seconds: number) => new Date(noon.getTime() + seconds * 1_000);

async function serve(...given: Parameters<typeof startMailServer>): Promise<MailServer> {
  const mail = await startMailServer(...given);
  onTestFinished(() => mail.close());
  return mail;
}

async function reach(
  project: TestProject,
  port: number,
  more: { channel?: object; template?: object } = {},
): Promise<Reachable> {
  return {
    channelId: await newEmailChannel(project, port, more.channel),
    templateId: await newTemplate(project, more.template),
    customerId: await newCustomer(project),
  };
}

async function read(project: TestProject, id: string) {
  return (await send(project, "GET", `/v1/deliveries/${id}`)).body;
}

async function events(project: TestProject): Promise<string[]> {
  const { rows } = await context.pool.query<{ event: string }>(
    `select concat_ws(' ', type, payload ->> 'reason') as event from outbox
     where project_id = $1 and type like 'delivery.%' order by seq`,
    [project.projectId],
  );
  return rows.map(({ event }) => event);
}

it("sends a message once, in the words of its template, and tells of it", async () => {
  const mail = await serve();
  const project = await context.newProject();
  const reachable = await reach(project, mail.port);
  const customerId = await newCustomer(project, { name: "Ada <b>", email: "Ada@people.example" });
  const given = { ...reachable, customerId, sourceId: "the same" };
  const both = await Promise.all([order(context, project, given, noon), order(context, project, given, noon)]);
  const [ordered] = both;
  expect(both[1]).toEqual(ordered);
  expect(ordered).toMatchObject({ status: "queued", reason: null });
  await Promise.all([1, 2, 3, 4].map(() => work(context, project, ordered.id, noon)));
  await work(context, project, ordered.id, later(600));
  expect(mail.mails).toHaveLength(1);
  const [{ to, raw } = { to: [], raw: "" }] = mail.mails;
  expect(to).toEqual(["ada@people.example"]);
  expect(raw).toContain("Subject: For Ada <b>");
  expect(raw).toContain("<p>Ada &lt;b&gt;</p>");
  expect(raw).toContain(`Message-ID: <${ordered.id}@shop.example>`);
  expect(raw).toMatch(/List-Unsubscribe:\s+<https:\/\/vouchers\.example\/unsubscribe\/[\w.-]+>/);
  expect(raw).toContain("List-Unsubscribe-Post: List-Unsubscribe=One-Click");
  expect(await events(project)).toEqual(["delivery.queued", "delivery.sent"]);
  expect(await read(project, ordered.id)).toMatchObject({
    status: "sent",
    address: "ada@people.example",
    provider_id: `<${ordered.id}@shop.example>`,
    attempts_log: [{ number: 1, outcome: "sent" }],
  });
});

it("suppresses an address that does not exist, and writes to it no more", async () => {
  const mail = await serve({ recipient: () => "550 5.1.1 no such user" });
  const project = await context.newProject();
  const reachable = await reach(project, mail.port);
  const { id } = await order(context, project, reachable, noon);
  await work(context, project, id, noon);
  expect(await read(project, id)).toMatchObject({ status: "bounced", reason: "smtp_550_5.1.1" });
  expect(await order(context, project, reachable, noon)).toMatchObject({ status: "skipped", reason: "suppressed" });
  expect((await send(project, "GET", "/v1/suppressions")).body.data).toMatchObject([
    { kind: "email", reason: "bounced" },
  ]);
  expect(await events(project)).toEqual([
    "delivery.queued",
    "delivery.bounced smtp_550_5.1.1",
    "delivery.skipped suppressed",
  ]);
});

it("comes again later to a server that wants so, and is given up after eight times", async () => {
  let refusals = 2;
  const mail = await serve({ recipient: () => (refusals-- > 0 ? "451 4.7.1 greylisted" : undefined) });
  const project = await context.newProject();
  const reachable = await reach(project, mail.port);
  const { id } = await order(context, project, reachable, noon);
  await work(context, project, id, noon);
  expect(await read(project, id)).toMatchObject({ status: "queued", next_attempt_at: later(30).toISOString() });
  await work(context, project, id, later(29));
  await work(context, project, id, later(30));
  expect(mail.mails).toHaveLength(0);
  await work(context, project, id, later(150));
  expect(mail.mails).toHaveLength(1);
  expect(await read(project, id)).toMatchObject({ status: "sent", attempts: 3 });

  refusals = 100;
  const hopeless = await order(context, project, reachable, noon);
  for (let at = 0; at <= 240_000; at += 20_000) await work(context, project, hopeless.id, later(at));
  const given = await read(project, hopeless.id);
  expect(given).toMatchObject({ status: "failed", reason: "smtp_451_4.7.1", may_have_arrived: false });
  expect(given.attempts_log).toHaveLength(8);

  expect((await send(project, "POST", `/v1/deliveries/${hopeless.id}/retry`)).status).toBe(200);
  const now = new Date(Date.now() + 1_000);
  await work(context, project, hopeless.id, now);
  expect(await read(project, hopeless.id)).toMatchObject({
    ...{ status: "queued", attempts: 9 },
    next_attempt_at: new Date(now.getTime() + 30_000).toISOString(),
  });
});

it("sends again what a server may have had when it died, with the same Message-ID, and says so when it is given up", async () => {
  let dying = true;
  const mail: MailServer = await serve({
    message() {
      if (dying) mail.cut();
      return undefined;
    },
  });
  const project = await context.newProject();
  const reachable = await reach(project, mail.port);
  const { id } = await order(context, project, reachable, noon);
  await work(context, project, id, noon);
  expect(await read(project, id)).toMatchObject({
    status: "queued",
    may_have_arrived: true,
    attempts_log: [{ outcome: "unknown", reason: "no_answer" }],
  });
  dying = false;
  await work(context, project, id, later(60));
  expect(await read(project, id)).toMatchObject({ status: "sent" });
  const ids = mail.mails.map(({ raw }) => /^Message-ID: (.*)$/m.exec(raw)?.[1]);
  expect(ids).toEqual([ids[0], ids[0]]);

  dying = true;
  const lost = await order(context, project, reachable, noon);
  await work(context, project, lost.id, noon);
  await context.pool.query("update customer set consent = '{}' where project_id = $1", [project.projectId]);
  await work(context, project, lost.id, later(60));
  expect(await read(project, lost.id)).toMatchObject({ status: "failed", reason: "may_have_arrived" });
});

it("is not taken for bounced when an attempt before may have found the address, which is suppressed all the same", async () => {
  let dying = true;
  const mail: MailServer = await serve({
    recipient: () => (dying ? undefined : "550 5.1.1 no such user"),
    message() {
      mail.cut();
      return undefined;
    },
  });
  const project = await context.newProject();
  const reachable = await reach(project, mail.port);
  const { id } = await order(context, project, reachable, noon);
  await work(context, project, id, noon);
  dying = false;
  await work(context, project, id, later(60));
  expect(await read(project, id)).toMatchObject({ status: "failed", reason: "may_have_arrived" });
  expect(await order(context, project, reachable, noon)).toMatchObject({ reason: "suppressed" });
});

it("sends no code that went back", async () => {
  const mail = await serve();
  const project = await context.newProject();
  const campaign_id = await setUpStock(context.pool, project, { count: 1 });
  const given = await send(project, "POST", "/v1/publications", { campaign_id, customer: { identifier: "c1" } });
  expect(given.status).toBe(201);
  const reachable = { ...(await reach(project, mail.port)), publicationId: given.body.id as string };
  const { id } = await order(context, project, reachable, noon);
  await context.pool.query("update publication set status = 'failed', returned_at = $2 where project_id = $1", [
    project.projectId,
    noon,
  ]);
  await work(context, project, id, noon);
  expect(await read(project, id)).toMatchObject({ status: "failed", reason: "voucher_returned" });
  expect(mail.mails).toHaveLength(0);
});

it("does not announce by name who was erased while the message was handed over", async () => {
  const project = await context.newProject();
  const mail = await serve(
    {},
    {
      onData(stream, _, done) {
        const erase = "update customer set identifier = 'erased_1' where project_id = $1";
        stream.resume().on("end", () => context.pool.query(erase, [project.projectId]).then(() => done(), done));
      },
    },
  );
  const { id } = await order(context, project, await reach(project, mail.port), noon);
  await work(context, project, id, noon);
  const { rows } = await context.pool.query(
    "select payload ->> 'customer' as customer from outbox where project_id = $1 and type = 'delivery.sent'",
    [project.projectId],
  );
  expect(rows).toEqual([{ customer: "erased_1" }]);
});

it("does not wait for a server that says nothing, before or after it had the message", async () => {
  const silent = createTcpServer();
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void silent.close());
  const { port } = silent.address() as AddressInfo;
  const mail = await serve({}, { onData: (stream) => void stream.resume() });
  const project = await context.newProject();
  const reachable = await reach(project, port);
  const slow = await newEmailChannel(project, mail.port, { name: "Slow" });
  const outcomes = [];
  for (const channelId of [reachable.channelId, slow]) {
    const { id } = await order(context, project, { ...reachable, channelId }, noon);
    await work(context, project, id, noon, { attemptMs: 400 });
    outcomes.push((await read(project, id)).attempts_log[0].outcome);
  }
  expect(outcomes).toEqual(["retry", "unknown"]);
});

/** A database that breaks once, at the nth time that `method` is asked of it. */
function breakingOnce(method: "transaction" | "selectFrom", at: number): typeof context.db {
  let asked = 0;
  return new Proxy(context.db, {
    get(db, name) {
      const value = Reflect.get(db, name, db);
      if (name === method && ++asked === at) throw new Error("the connection broke");
      return typeof value === "function" ? value.bind(db) : value;
    },
  });
}

it("is written down as sent, and not sent again, when the database was away for a moment after it was handed over", async () => {
  const mail = await serve();
  const project = await context.newProject();
  const { id } = await order(context, project, await reach(project, mail.port), noon);
  await work(context, project, id, noon, { db: breakingOnce("transaction", 2) });
  expect(await read(project, id)).toMatchObject({ status: "sent", attempts_log: [{ outcome: "sent" }] });
  await work(context, project, id, later(600));
  expect(mail.mails).toHaveLength(1);
});

it("cannot have arrived when what it is made of could not be read, and is tried again", async () => {
  const mail = await serve();
  const project = await context.newProject();
  const { id } = await order(context, project, await reach(project, mail.port), noon);
  await work(context, project, id, noon, { db: breakingOnce("selectFrom", 2) });
  expect(await read(project, id)).toMatchObject({
    ...{ status: "queued", reason: "not_composed", may_have_arrived: false },
    next_attempt_at: later(30).toISOString(),
  });
  await work(context, project, id, later(30));
  expect(mail.mails).toHaveLength(1);
});

it("leaves alone what another process is sending, and takes it for unknown after the time that an attempt has", async () => {
  const mail = await serve();
  const project = await context.newProject();
  const { id } = await order(context, project, await reach(project, mail.port), noon);
  await context.pool.query(
    "update delivery set status = 'sending', sending_since = $2, attempts_count = 1 where project_id = $1",
    [project.projectId, noon],
  );
  await work(context, project, id, later(119));
  expect(await read(project, id)).toMatchObject({ status: "sending" });
  expect(mail.mails).toHaveLength(0);
  await work(context, project, id, later(120));
  expect(await read(project, id)).toMatchObject({
    status: "queued",
    attempts_log: [{ outcome: "unknown", reason: "process_ended" }],
  });
  await work(context, project, id, later(150));
  expect(mail.mails).toHaveLength(1);
});

it("asks for consent when it is ordered and again before it is sent; what is no marketing needs none", async () => {
  const mail = await serve();
  const project = await context.newProject();
  const reachable = await reach(project, mail.port);
  const withoutConsent = { ...reachable, customerId: await newCustomer(project, { consent: { sms: true } }) };
  const withoutAddress = { ...reachable, customerId: await newCustomer(project, { email: null }) };
  expect(await order(context, project, withoutConsent, noon)).toMatchObject({
    status: "skipped",
    reason: "no_consent",
  });
  expect(await order(context, project, withoutAddress, noon)).toMatchObject({ reason: "no_address" });
  const receipt = await newTemplate(project, { name: "Receipt", purpose: "transactional" });
  const { id: needed } = await order(context, project, { ...withoutConsent, templateId: receipt }, noon);
  await work(context, project, needed, noon);
  expect(mail.mails[0]?.raw).not.toContain("List-Unsubscribe");

  const { id } = await order(context, project, reachable, noon);
  await context.pool.query("update customer set consent = '{}' where project_id = $1", [project.projectId]);
  await work(context, project, id, noon);
  expect(await read(project, id)).toMatchObject({ status: "skipped", reason: "no_consent" });
  expect(mail.mails).toHaveLength(1);
  expect((await send(project, "POST", `/v1/deliveries/${id}/retry`)).body).toMatchObject({ status: "queued" });
  expect((await send(project, "POST", `/v1/deliveries/${needed}/retry`)).status).toBe(409);
});

it("is sent once, whichever of several workers has it", async () => {
  const mail = await serve();
  const project = await context.newProject();
  const reachable = await reach(project, mail.port, { channel: { rate_limit: { count: 100, seconds: 1, burst: 10 } } });
  const now = new Date();
  const ordered = await Promise.all(Array.from({ length: 16 }, () => order(context, project, reachable, now)));
  const deps = { outbound: undefined, ...context.deps };
  const sent = async () => {
    const { rows } = await context.pool.query("select 1 from delivery where project_id = $1 and status = 'sent'", [
      project.projectId,
    ]);
    return rows.length === ordered.length;
  };
  await workUntil(
    [1, 2].map(() => (signal) => runDeliveries(deps, signal)),
    sent,
  );
  const ids = mail.mails.map(({ raw }) => /^Message-ID: (.*)$/m.exec(raw)?.[1]);
  expect(ids).toHaveLength(16);
  expect(new Set(ids).size).toBe(16);
});

it("keeps to the frequency cap of a channel when many are ordered at once", async () => {
  const project = await context.newProject();
  const reachable = await reach(project, 25, { channel: { frequency_cap: { count: 3, hours: 24 } } });
  const ordered = await Promise.all(Array.from({ length: 12 }, () => order(context, project, reachable, noon)));
  expect(ordered.filter(({ status }) => status === "queued")).toHaveLength(3);
  expect(new Set(ordered.map(({ reason }) => reason))).toEqual(new Set([null, "frequency_cap"]));
  expect(await order(context, project, reachable, later(86_400))).toMatchObject({ status: "queued" });
});

it("keeps to the frequency cap when what waited for long goes out together", async () => {
  const mail = await serve();
  const project = await context.newProject();
  const reachable = await reach(project, mail.port, { channel: { frequency_cap: { count: 1, hours: 24 } } });
  const hour = 3_600;
  const first = await order(context, project, reachable, noon);
  const second = await order(context, project, reachable, later(25 * hour));
  expect(second.status).toBe("queued");
  const both = [first, second];
  await Promise.all(both.map(({ id }) => work(context, project, id, later(60 * hour))));
  const statuses = await Promise.all(both.map(async ({ id }) => (await read(project, id)).status));
  expect(statuses.sort()).toEqual(["sent", "skipped"]);
  expect(mail.mails).toHaveLength(1);
  expect(await order(context, project, reachable, later(83 * hour))).toMatchObject({ reason: "frequency_cap" });
  expect(await order(context, project, reachable, later(85 * hour))).toMatchObject({ status: "queued" });
});

it("waits while the channel is off, and fails when that takes too long", async () => {
  const mail = await serve();
  const project = await context.newProject();
  const reachable = await reach(project, mail.port);
  const { id } = await order(context, project, reachable, noon);
  await send(project, "PATCH", `/v1/channels/${reachable.channelId}`, { enabled: false });
  await work(context, project, id, later(1));
  expect(await read(project, id)).toMatchObject({ status: "queued", attempts: 0 });
  expect(await order(context, project, reachable, noon)).toMatchObject({ reason: "channel_disabled" });
  await work(context, project, id, later(72 * 3_600));
  expect(await read(project, id)).toMatchObject({ status: "failed", reason: "waited_too_long" });
  expect(mail.mails).toHaveLength(0);
});

it("sends as fast as the channel may, exactly, however many send at once", async () => {
  const mail = await serve();
  const project = await context.newProject();
  const rate = { count: 1, seconds: 3_600, burst: 5 };
  const reachable = await reach(project, mail.port, { channel: { rate_limit: rate } });
  const ordered = await Promise.all(Array.from({ length: 12 }, () => order(context, project, reachable, noon)));
  await Promise.all(ordered.flatMap(({ id }) => [work(context, project, id, noon), work(context, project, id, noon)]));
  expect(mail.mails).toHaveLength(5);
  const { rows } = await context.pool.query<{ next_attempt_at: Date }>(
    "select next_attempt_at from delivery where project_id = $1 and next_attempt_at > now() + interval '50 minutes'",
    [project.projectId],
  );
  expect(rows).toHaveLength(7);
  expect(new Set(rows.map((row) => row.next_attempt_at.getTime())).size).toBe(7);
});

it("is forgotten with its attempts after the time that the operator says, unless it waits or a cap still counts it", async () => {
  const mail = await serve();
  const project = await context.newProject();
  const reachable = await reach(project, mail.port);
  const sent = (await order(context, project, reachable, noon)).id;
  await work(context, project, sent, noon);
  const waiting = (await order(context, project, reachable, noon)).id;
  const capped = await context.newProject();
  const counted = await reach(capped, mail.port, { channel: { frequency_cap: { count: 3, hours: 2_400 } } });
  const kept = (await order(context, capped, counted, noon)).id;
  await work(context, capped, kept, noon);
  const left = async () => {
    const { rows } = await context.pool.query<{ id: string }>(
      `select id from delivery where id = any($1)
       union all select 'attempt of ' || delivery_id from delivery_attempt where delivery_id = any($1)`,
      [[sent, waiting, kept]],
    );
    return rows.map(({ id }) => id).sort();
  };
  const all = [sent, waiting, kept, `attempt of ${sent}`, `attempt of ${kept}`].sort();
  const day = 86_400;
  await forgetDeliveries(context.db, 30, later(29 * day), 1_000);
  expect(await left()).toEqual(all);
  await forgetDeliveries(context.db, 30, later(31 * day), 1_000);
  expect(await left()).toEqual([waiting, kept, `attempt of ${kept}`].sort());
  expect(await forgetDeliveries(context.db, 30, later(101 * day), 1)).toBe(1);
  await forgetDeliveries(context.db, 30, later(101 * day), 1_000);
  expect(await left()).toEqual([waiting]);
});

it("is found by what became of it along an index, among however many that were sent", async () => {
  const project = await context.newProject();
  const { id } = await order(context, project, await reach(project, 25), noon);
  await context.pool.query(
    `insert into delivery (project_id, id, source_id, channel_id, channel_kind, template_id, template_version, purpose,
                           customer_id, status, created_at, updated_at)
     select project_id, 'dlv_' || n, n, channel_id, channel_kind, template_id, template_version, purpose, customer_id,
            case when n % 1000 = 0 then 'failed' else 'sent' end, created_at, updated_at
     from delivery, generate_series(1, 3000) n where project_id = $1 and id = $2`,
    [project.projectId, id],
  );
  await context.pool.query("analyze delivery");
  const asked: CompiledQuery[] = [];
  const dialect = new PostgresDialect({ pool: context.pool });
  const db = new Kysely<DB>({ dialect, log: ({ query }) => void asked.push(query) });
  const failed = await pageOfDeliveries(db, project.projectId, { limit: 50, status: "failed" });
  expect(failed.data.map((delivery) => delivery.id)).toEqual(["dlv_3000", "dlv_2000", "dlv_1000"]);
  const [query] = asked;
  const plan = await context.pool.query(`explain ${query?.sql}`, [...(query?.parameters ?? [])]);
  expect(JSON.stringify(plan.rows)).toContain("delivery_by_status");
});

it("has its share of the places, however many wait at a channel that is slow, off or at its rate", async () => {
  const [busy, other] = [await context.newProject(), await context.newProject()];
  const reachable = await reach(busy, 25);
  const limited = await newEmailChannel(busy, 25, { name: "Limited", rate_limit: { count: 1, seconds: 60, burst: 2 } });
  const off = await newEmailChannel(busy, 25, { name: "Off" });
  const orderMany = (channelId: string, count: number) =>
    Promise.all(Array.from({ length: count }, () => order(context, busy, { ...reachable, channelId }, noon)));
  await orderMany(reachable.channelId, 15);
  await orderMany(limited, 5);
  await orderMany(off, 3);
  await send(busy, "PATCH", `/v1/channels/${off}`, { enabled: false });
  const { id } = await order(context, other, await reach(other, 25), later(1));

  const pick = async (at: Date) => {
    const mine = new Set((await pickDue(context.db, 1_000, at)).map((one) => one.id));
    const { rows } = await context.pool.query<{ channel_id: string }>(
      "select channel_id from delivery where project_id = any($1) and id = any($2)",
      [[busy.projectId, other.projectId], [...mine]],
    );
    const of = (channel: string) => rows.filter(({ channel_id }) => channel_id === channel).length;
    return { slow: of(reachable.channelId), limited: of(limited), off: of(off), other: mine.has(id) };
  };
  expect(await pick(later(1))).toEqual({ slow: 10, limited: 2, off: 0, other: true });
  expect(await pick(later(2))).toEqual({ slow: 0, limited: 0, off: 0, other: false });
  await context.pool.query(
    "update delivery set status = 'sending', sending_since = $3 where project_id = $1 and channel_id = $2 and leased_until is not null",
    [busy.projectId, reachable.channelId, later(1)],
  );
  await context.pool.query(
    `update delivery set status = 'sent', leased_until = null where project_id = $1 and id in (
       select id from delivery where project_id = $1 and channel_id = $2 and status = 'sending' limit 9)`,
    [busy.projectId, reachable.channelId],
  );
  expect(await pick(later(10))).toMatchObject({ slow: 1 });
  // Their process is gone: what it had is taken by others, and what waits for too long is to be given up.
  expect(await pick(later(200))).toMatchObject({ slow: 6, other: true });
  expect(await pick(later(73 * 3_600))).toMatchObject({ off: 3 });
});
