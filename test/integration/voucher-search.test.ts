/** Finding vouchers and customers, what became of one, and batches as sheets of labels. */
import { expect, it } from "vitest";
import { runVoucherBatches } from "../../api/vouchers/batch-worker.ts";
import { searchVouchers } from "../../api/vouchers/search.ts";
import { send } from "../support/answers.ts";
import { useApp } from "../support/app.ts";
import { readBarcodes } from "../support/barcodes.ts";
import { paint, readPdf } from "../support/pdf.ts";
import { redeemBody, setUpPromotion } from "../support/promotions.ts";
import { workUntil } from "../support/workers.ts";

const context = useApp();
const codesOf = (page: { body: { data: { code: string }[] } }) => page.body.data.map(({ code }) => code);

it("finds vouchers by the beginning of a code, customer, campaign, status and kind, page by page", async () => {
  const project = await context.newProject();
  const first = await setUpPromotion(project, { voucher: { code: "SPRING" } });
  const second = await setUpPromotion(project, { voucher: { code: "SUMMER" } });
  const make = (campaign: string, body: object) => send(project, "POST", `/v1/campaigns/${campaign}/vouchers`, body);
  for (const code of ["SP-1", "SP-2", "SP-3"]) await make(first.campaignId, { code, customer: { identifier: "anna" } });
  await make(second.campaignId, { code: "OLD", expires_at: "2020-01-01T00:00:00Z" });
  await send(project, "POST", "/v1/vouchers/SP-2/disable");
  const find = (query: string) => send(project, "GET", `/v1/vouchers?${query}`);

  expect(codesOf(await find("code=%20sp-"))).toEqual(["SP-1", "SP-2", "SP-3"]);
  expect(codesOf(await find("customer=anna&limit=2"))).toEqual(["SP-3", "SP-2"]);
  expect(codesOf(await find(`campaign_id=${second.campaignId}`))).toEqual(["OLD", "SUMMER"]);
  expect(codesOf(await find("status=disabled"))).toEqual(["SP-2"]);
  expect(codesOf(await find("status=expired"))).toEqual(["OLD"]);
  expect(codesOf(await find("kind=generic&code=S"))).toEqual(["SPRING", "SUMMER"]);
  expect(codesOf(await find("customer=nobody"))).toEqual([]);
  expect(codesOf(await find("code=%E2%82%AC"))).toEqual([]);

  const order = redeemBody({ codes: ["SP-3"], orderId: "held", customer: "anna" });
  await send(project, "POST", "/v1/reservations", { ...order, ttl_seconds: 600 }, { "idempotency-key": "held" });
  expect(codesOf(await find("status=reserved"))).toEqual(["SP-3"]);

  const seen: string[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const { body } = await find(`limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`);
    seen.push(...body.data.map(({ code }: { code: string }) => code));
    cursor = body.next_cursor;
  }
  expect(seen).toEqual(["OLD", "SP-3", "SP-2", "SP-1", "SUMMER", "SPRING"]);
  const other = await context.newProject();
  expect((await send(other, "GET", "/v1/vouchers")).body).toEqual({ data: [], next_cursor: null });
});

it("looks at a bounded number of vouchers for a page, however old those are that fit, and goes on from there", async () => {
  const project = await context.newProject();
  const { campaignId } = await setUpPromotion(project, {});
  const other = await setUpPromotion(project, { voucher: { code: "OTHER" } });
  await context.pool.query(
    `insert into voucher (project_id, id, code, campaign_id, kind, status, created_at, updated_at)
     select $1, 'vou_' || lpad(n::text, 26, '0'), 'N-' || lpad(n::text, 6, '0'), $2, 'unique',
            case when n in (3, 70, 72, 1999) then 'disabled' else 'created' end, now(), now()
     from generate_series(1, 2000) n`,
    [project.projectId, campaignId],
  );
  type Asked = Omit<Parameters<typeof searchVouchers>[2], "limit">;
  const find = (asked: Asked, byId: readonly number[]) =>
    searchVouchers(context.db, project.projectId, { limit: 2, ...asked }, new Date(), { byId, byCode: [40, 60] });
  const codes = ({ data }: Awaited<ReturnType<typeof find>>) => data.map(({ code }) => code);
  const asked = { campaign_id: campaignId, status: "disabled" } as const;

  // Enough rounds: a full page, then the rest.
  const first = await find(asked, [10, 100, 2_000]);
  expect([codes(first), first.next_cursor === null]).toEqual([["N-001999", "N-000072"], false]);
  const rest = await find({ ...asked, cursor: first.next_cursor ?? undefined }, [10, 100]);
  expect([codes(rest), rest.next_cursor]).toEqual([["N-000070", "N-000003"], null]);

  // Too few: what was found among those, and where it goes on.
  const cut = await find(asked, [10, 100]);
  expect([codes(cut), cut.next_cursor === null]).toEqual([["N-001999"], false]);
  const on = await find({ ...asked, cursor: cut.next_cursor ?? undefined }, [2_000]);
  expect(codes(on)).toEqual(["N-000072", "N-000070"]);

  // A whole code is found at once, whatever else is asked; others of its prefix in the order of codes.
  expect(codes(await find({ ...asked, code: "n-000003" }, [1]))).toEqual(["N-000003"]);
  expect(codes(await find({ ...asked, code: "N-0000" }, [1]))).toEqual(["N-000003", "N-000070"]);
  const elsewhere = await find({ campaign_id: other.campaignId, code: "N-" }, [1]);
  expect([codes(elsewhere), elsewhere.next_cursor === null]).toEqual([[], false]);
});

it("tells of one voucher to whom it was given, where it was used, what was undone and what holds it", async () => {
  const project = await context.newProject();
  const { campaignId } = await setUpPromotion(project, {});
  await send(project, "POST", `/v1/campaigns/${campaignId}/vouchers`, { code: "MINE", redemptions_max: 3 });
  const customer = { identifier: "anna" };
  await send(project, "POST", "/v1/vouchers/MINE/publish", { customer, channel: "letter" });
  const key = (name: string) => ({ "idempotency-key": name });
  const body = redeemBody({ codes: ["mine"], orderId: "o1", customer: "anna" });
  const redemption = await send(project, "POST", "/v1/redemptions", body, key("r"));
  const undo = { amount: 200, reason: "One cup broke" };
  await send(project, "POST", `/v1/redemptions/${redemption.body.id}/rollback`, undo, key("u"));
  const toHold = { ...redeemBody({ codes: ["MINE"], orderId: "o2", customer: "anna" }), ttl_seconds: 600 };
  const held = await send(project, "POST", "/v1/reservations", toHold, key("h"));
  expect((await send(project, "GET", "/v1/vouchers/mine/history")).body).toMatchObject({
    publications: [{ customer, channel: "letter", code: "MINE" }],
    redemptions: [
      {
        redemption_id: redemption.body.id,
        status: "redeemed",
        order_id: "o1",
        customer,
        discount_amount: 500,
        rolled_back_amount: 200,
        source: "api",
      },
    ],
    rollbacks: [{ redemption_id: redemption.body.id, discount_amount: 200, reason: "One cup broke", whole: false }],
    reservations: [{ reservation_id: held.body.id, order_id: "o2", customer }],
  });
});

it("finds customers by the beginning of what they are called, and by their address in any case", async () => {
  const project = await context.newProject();
  await send(project, "PUT", "/v1/customers/anna", { email: "Anna@Example.com" });
  // An address is nobody's identity: both are found, each once.
  await send(project, "PUT", "/v1/customers/anna%2Fberlin", { email: "ANNA@example.COM" });
  await send(project, "PUT", "/v1/customers/ben", { email: "ben@example.com" });
  const find = async (query: string) =>
    (await send(project, "GET", `/v1/customers?${query}`)).body.data.map(
      ({ identifier }: { identifier: string }) => identifier,
    );
  expect(await find("identifier=ann")).toEqual(["anna/berlin", "anna"]);
  expect(await find("identifier=anna%2F")).toEqual(["anna/berlin"]);
  expect(await find("email=anna%40EXAMPLE.com")).toEqual(["anna/berlin", "anna"]);
  expect(await find("email=anna")).toEqual([]);
});

it("prints a batch and chosen codes as labels that a scanner reads, without what is disabled", async () => {
  const project = await context.newProject();
  const { campaignId } = await setUpPromotion(project, { sub: { customer_information: "Скидка 5 €" } });
  const pattern = { prefix: "L-", charset: "mixed", length: 10 };
  const batch = await send(project, "POST", `/v1/campaigns/${campaignId}/voucher-batches`, { size: 30, pattern });
  expect(batch.status).toBe(202);
  const worker = (signal: AbortSignal) => runVoucherBatches(context.deps, signal);
  await workUntil([worker], async () => {
    return (await send(project, "GET", `/v1/voucher-batches/${batch.body.id}`)).body.status === "done";
  });
  const list = await send(project, "GET", `/v1/voucher-batches?campaign_id=${campaignId}`);
  expect(list.body.data).toMatchObject([{ id: batch.body.id, status: "done", done: 30 }]);
  const codes = codesOf(await send(project, "GET", `/v1/vouchers?batch_id=${batch.body.id}&limit=100`));
  const [off, ...open] = codes;
  await send(project, "POST", `/v1/vouchers/${off}/disable`);

  const sheet = await project.request("GET", `/v1/voucher-batches/${batch.body.id}/sheet.pdf?symbol=code128&columns=2`);
  expect(sheet.headers.get("content-type")).toBe("application/pdf");
  expect(sheet.headers.get("link")).toBeNull();
  const { pages } = readPdf(new Uint8Array(await sheet.arrayBuffer()));
  const found = [];
  for (const page of pages) found.push(...(await readBarcodes(paint(page, 200))));
  expect(found.map(({ text }) => text).sort()).toEqual([...open].sort());

  const chosen = await project.request("POST", "/v1/vouchers/sheet", { codes: [open[0], off], page_size: "letter" });
  const [page] = readPdf(new Uint8Array(await chosen.arrayBuffer())).pages;
  expect(page).toMatchObject({ width: 612, height: 792 });
  const read = page === undefined ? [] : await readBarcodes(paint(page, 200));
  expect(read.map(({ text }) => text).sort()).toEqual([open[0], off].sort());

  const missing = await send(project, "POST", "/v1/vouchers/sheet", { codes: [open[0], "NOT-THERE"] });
  expect([missing.status, missing.body.errors[0].pointer]).toEqual([404, "/codes/1"]);
  const beyond = await send(project, "GET", `/v1/voucher-batches/${batch.body.id}/sheet.pdf?part=2`);
  expect(beyond.status).toBe(404);
});
