import { expect, it, onTestFinished } from "vitest";
import { useApp } from "../../support/app.ts";
import { startMailServer } from "../../support/mail-server.ts";
import { newCustomer, newEmailChannel, newTemplate, order, work } from "../../support/messages.ts";

const context = useApp();
const noon = new Date("2026-11-23T12:00:00Z");

it("sends a message once, in the words of its template, and tells of it", async () => {
  const mail = await startMailServer();
  onTestFinished(() => mail.close());
  const project = await context.newProject();
  const channelId = await newEmailChannel(project, mail.port);
  const templateId = await newTemplate(project);
  const customerId = await newCustomer(project, { name: "Ada <b>", email: "ada@people.example" });
  const given = { channelId, templateId, customerId, sourceId: "the same" };
  const ordered = await order(context, project, given, noon);
  expect(ordered).toMatchObject({ status: "queued", reason: null });
  expect(await order(context, project, given, noon)).toEqual(ordered);
  await Promise.all([1, 2, 3].map(() => work(context, project, ordered.id, noon)));
  await work(context, project, ordered.id, noon);
  expect(mail.mails).toHaveLength(1);
  expect(mail.mails[0]?.to).toEqual(["ada@people.example"]);
  expect(mail.mails[0]?.raw).toContain("Subject: For Ada <b>");
  expect(mail.mails[0]?.raw).toContain("<p>Ada &lt;b&gt;</p>");
  expect(mail.mails[0]?.raw).toContain(`Message-ID: <${ordered.id}@shop.example>`);
  const { rows } = await context.pool.query(
    "select type, payload ->> 'delivery_id' as id from outbox where project_id = $1 and type like 'delivery.%' order by seq",
    [project.projectId],
  );
  expect(rows).toEqual([
    { type: "delivery.queued", id: ordered.id },
    { type: "delivery.sent", id: ordered.id },
  ]);
});
