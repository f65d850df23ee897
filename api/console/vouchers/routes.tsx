/** Vouchers by hand, through the verbs of /v1/vouchers, /v1/voucher-batches and imports. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { z } from "zod";
import type { Deps } from "../../deps.ts";
import { databaseNow } from "../../http/occurred-at.ts";
import { readCursor, toPage } from "../../http/pagination.ts";
import { invalid, notFound, Problem } from "../../http/problem.ts";
import { sendRows } from "../../http/row-download.ts";
import { inTransaction } from "../../http/transaction.ts";
import { errorColumns, errorPages, firstErrors, readImport } from "../../imports/read.ts";
import { batchToWire, cancelBatch, createBatch, findBatch, listBatches, resumeBatch } from "../../vouchers/batches.ts";
import { assignVoucher, disableVoucher, enableVoucher, topUpVoucher } from "../../vouchers/change.ts";
import { createVoucher } from "../../vouchers/create.ts";
import { batchColumns, campaignColumns, voucherPages } from "../../vouchers/export.ts";
import { readHistory } from "../../vouchers/history.ts";
import { receiveFile } from "../../vouchers/imports/receive.ts";
import { publishVoucher } from "../../vouchers/publish.ts";
import { assignBody, createBatchBody, createVoucherBody, publishBody, topUpBody } from "../../vouchers/schemas.ts";
import { readVoucher, searchVouchers } from "../../vouchers/search.ts";
import { voucherSearchQuery } from "../../vouchers/search-routes.ts";
import { sheetFile } from "../../vouchers/sheet/file.ts";
import { labelsOfBatch, labelsOfCodes } from "../../vouchers/sheet/labels.ts";
import { sendSheet } from "../../vouchers/sheet/routes.ts";
import { sheetBody, sheetQuery } from "../../vouchers/sheet/schemas.ts";
import { namesOfCampaigns } from "../campaign-names.ts";
import { askingPolicy } from "../parts/asking-policy.ts";
import { asRequest, once } from "../parts/attempt.tsx";
import { parsed, submitForm } from "../parts/form.tsx";
import { minorOf, wholeOf } from "../parts/money.ts";
import { refusedSheet, type Sheet, textOf } from "../parts/sheet.ts";
import { listAddress } from "../parts/table.tsx";
import { uploadBytesMax, uploadOf } from "../parts/upload.ts";
import { type ConsoleEnv, type Form, formUpTo, readForm, requireScope, smallForm } from "../viewer.ts";
import { batchAddress, importAddress, voucherAddress, vouchersAddress } from "./addresses.ts";
import { BatchesPage, BatchPage } from "./batch-pages.tsx";
import { type CampaignChoices, campaignCalled, campaignChoices, campaignOf, chosenCampaign } from "./campaigns.ts";
import { batchBodyOf, voucherBodyOf } from "./forms.ts";
import { ImportResultPage } from "./import-page.tsx";
import { type Query, VouchersPage } from "./list-page.tsx";
import { ImportPage, NewBatchPage, NewVoucherPage } from "./new-pages.tsx";
import { VoucherPage } from "./voucher-page.tsx";

type Router = OpenAPIHono<ConsoleEnv>;

const perPage = 25;
const errorsShown = 100;

export function mountVouchers(router: Router, deps: Deps): void {
  router.use("/console/vouchers/*", requireScope("Vouchers", "manage"));
  for (const path of ["batches", "imports"]) router.use(`/console/vouchers/${path}/*`, askingPolicy);
  mountList(router, deps);
  mountNew(router, deps);
  mountBatches(router, deps);
  mountImports(router, deps);
  mountOne(router, deps);
}

function mountList(router: Router, deps: Deps): void {
  router.get("/console/vouchers", async (c) => {
    const { projectId } = c.var.viewer;
    const { cursor, campaign: typed, ...asked } = c.req.query();
    const query = queryOf(asked);
    let campaignFault: string | undefined;
    if (typed !== undefined && typed.trim() !== "") {
      try {
        const { id } = await campaignCalled(deps.db, projectId, typed.trim());
        return c.redirect(listAddress(vouchersAddress, { ...query, campaign_id: id }), 303);
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        campaignFault = error.options.errors?.[0]?.detail;
      }
    }
    const given = voucherSearchQuery.safeParse({ ...query, ...(cursor === undefined ? {} : { cursor }) });
    const search = given.success ? given.data : { limit: perPage };
    const [page, choices] = await Promise.all([
      searchVouchers(deps.db, projectId, { ...search, limit: perPage }, new Date()),
      campaignChoices(deps.db, projectId, query.campaign_id),
    ]);
    const ids = page.data.map((voucher) => voucher.campaign_id);
    const names = await namesOfCampaigns(deps.db, projectId, ids);
    const fault = given.success
      ? campaignFault
      : "The address asks for something that is no filter; all vouchers are shown.";
    return c.html(
      <VouchersPage
        viewer={c.var.viewer}
        page={page}
        choices={choices}
        names={names}
        query={query}
        cursor={cursor}
        isCut={page.next_cursor !== null && page.data.length < perPage}
        fault={fault}
      />,
    );
  });

  router.get("/console/vouchers/codes.csv", async (c) => {
    const { projectId } = c.var.viewer;
    const campaign = await campaignOf(deps.db, projectId, c.req.query("campaign_id"));
    const pages = voucherPages(deps.db, projectId, "campaign_id", campaign.id, new Date());
    return sendRows(asRequest(c), `vouchers-${campaign.id}`, campaignColumns, pages);
  });

  router.post("/console/vouchers/sheet", smallForm, async (c) => {
    const form = await readForm(c);
    if (form.codes === undefined) throw new Problem("invalid_request", "No voucher was selected.");
    const { codes, ...layout } = parsed(sheetBody, {
      codes: form.codes,
      symbol: textOf(form, "symbol"),
      page_size: textOf(form, "page_size"),
      columns: wholeOf(textOf(form, "columns")),
      rows: wholeOf(textOf(form, "rows")),
    });
    const labels = await labelsOfCodes(deps.db, c.var.viewer.projectId, codes);
    return sendSheet(asRequest(c), "vouchers", sheetFile(layout, "Vouchers", new Date(), labels));
  });
}

function queryOf(asked: Readonly<Record<string, string>>): Query {
  const text = (name: string) => {
    const value = asked[name]?.trim();
    return value === "" ? undefined : value;
  };
  const entries = ["code", "customer", "campaign_id", "status", "kind"].map((name) => [name, text(name)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as Query;
}

function mountNew(router: Router, deps: Deps): void {
  const pages = { voucher: NewVoucherPage, batch: NewBatchPage, import: ImportPage };

  async function newPage(
    c: Context<ConsoleEnv>,
    which: keyof typeof pages,
    campaignId: string | undefined,
    sheet?: Sheet,
  ) {
    const choices: CampaignChoices = await campaignChoices(deps.db, c.var.viewer.projectId, campaignId);
    const Page = pages[which];
    return <Page viewer={c.var.viewer} choices={choices} campaignId={campaignId} {...(sheet && { sheet })} />;
  }

  router.get("/console/vouchers/new", async (c) => c.html(await newPage(c, "voucher", c.req.query("campaign_id"))));
  router.get("/console/vouchers/batches/new", async (c) =>
    c.html(await newPage(c, "batch", c.req.query("campaign_id"))),
  );
  router.get("/console/vouchers/import", async (c) => c.html(await newPage(c, "import", c.req.query("campaign_id"))));

  router.post("/console/vouchers", smallForm, (c) =>
    submitForm(c, {
      work: async (form) => {
        const { projectId } = c.var.viewer;
        const campaign = await chosenCampaign(deps.db, projectId, form);
        const body = parsed(createVoucherBody, voucherBodyOf(form, campaign));
        const made = await once(c, form, "voucher", { campaign: campaign.id, ...body }, (tx) =>
          createVoucher(tx, projectId, campaign.id, body, new Date()),
        );
        return `${voucherAddress(made.code)}?done=made`;
      },
      again: (sheet, form) => newPage(c, "voucher", textOf(form, "campaign_id"), sheet) as never,
    }),
  );

  router.post("/console/vouchers/batches", smallForm, (c) =>
    submitForm(c, {
      work: async (form) => {
        const { projectId } = c.var.viewer;
        const campaign = await chosenCampaign(deps.db, projectId, form);
        const body = parsed(createBatchBody, batchBodyOf(form, campaign));
        const made = await once(c, form, "batch", { campaign: campaign.id, ...body }, (tx) =>
          createBatch(tx, projectId, campaign.id, body, new Date()),
        );
        return `${batchAddress(made.id)}?done=made`;
      },
      again: (sheet, form) => newPage(c, "batch", textOf(form, "campaign_id"), sheet) as never,
    }),
  );

  router.post("/console/vouchers/import", formUpTo(uploadBytesMax), (c) =>
    submitForm(c, {
      work: async (form) => {
        const campaign = await chosenCampaign(deps.db, c.var.viewer.projectId, form);
        const file = await uploadOf(c, form, { lines: "rows", column: "code" });
        const answer: Response = await receiveFile(asRequest(c), campaign.id, () => file);
        const { id } = z.object({ id: z.string() }).parse(await answer.json());
        return importAddress(id);
      },
      again: (sheet, form) => newPage(c, "import", textOf(form, "campaign_id"), sheet) as never,
    }),
  );
}

function mountBatches(router: Router, deps: Deps): void {
  router.get("/console/vouchers/batches", async (c) => {
    const { projectId } = c.var.viewer;
    const { campaign_id: campaignId, cursor } = c.req.query();
    const before = readCursor(cursor, z.tuple([z.string()]))?.[0];
    const rows = await listBatches(deps.db, projectId, { campaignId: campaignId || undefined, before, limit: perPage });
    const page = toPage(rows, perPage, (row) => [row.id], batchToWire);
    const ids = page.data.map((batch) => batch.campaign_id);
    const names = await namesOfCampaigns(deps.db, projectId, ids);
    return c.html(
      <BatchesPage viewer={c.var.viewer} page={page} names={names} campaignId={campaignId} cursor={cursor} />,
    );
  });

  const readBatch = async (projectId: string, id: string) => {
    const row = await findBatch(deps.db, projectId, id);
    if (!row) throw notFound("voucher batch");
    return batchToWire(row);
  };

  router.get("/console/vouchers/batches/:id", async (c) => {
    const { projectId } = c.var.viewer;
    const batch = await readBatch(projectId, c.req.param("id"));
    const campaign = await nameOf(deps, projectId, batch.campaign_id);
    return c.html(
      <BatchPage viewer={c.var.viewer} batch={batch} campaign={campaign.name} done={c.req.query("done")} />,
    );
  });

  const changes = [
    ["cancel", "cancelled", cancelBatch],
    ["resume", "resumed", resumeBatch],
  ] as const;
  for (const [verb, done, change] of changes) {
    router.post(`/console/vouchers/batches/:id/${verb}`, smallForm, async (c) => {
      await readForm(c);
      const id = c.req.param("id") ?? "";
      await inTransaction(asRequest(c), (tx) => change(tx, c.var.viewer.projectId, id, new Date()));
      return c.redirect(`${batchAddress(id)}?done=${done}`, 303);
    });
  }

  router.get("/console/vouchers/batches/:id/codes.csv", async (c) => {
    const { projectId } = c.var.viewer;
    const { id } = await readBatch(projectId, c.req.param("id"));
    return sendRows(asRequest(c), id, batchColumns, voucherPages(deps.db, projectId, "batch_id", id, new Date()));
  });

  router.get("/console/vouchers/batches/:id/sheet.pdf", async (c) => {
    const { projectId } = c.var.viewer;
    const batch = await readBatch(projectId, c.req.param("id"));
    const { part, ...layout } = parsed(sheetQuery, c.req.query());
    const found = await labelsOfBatch(deps.db, projectId, batch.id, part);
    if (!found) throw notFound("part of this batch");
    const { name } = await nameOf(deps, projectId, batch.campaign_id);
    return sendSheet(asRequest(c), `${batch.id}-${part}`, sheetFile(layout, name, new Date(), found.labels));
  });
}

function mountImports(router: Router, deps: Deps): void {
  router.get("/console/vouchers/imports/:id", async (c) => {
    const { projectId } = c.var.viewer;
    const of = await readImport(deps.db, projectId, c.req.param("id"));
    const errors = await firstErrors(deps.db, projectId, of.id, errorsShown);
    return c.html(<ImportResultPage viewer={c.var.viewer} of={of} errors={errors} />);
  });

  router.get("/console/vouchers/imports/:id/errors.csv", async (c) => {
    const { projectId } = c.var.viewer;
    const { id } = await readImport(deps.db, projectId, c.req.param("id"));
    return sendRows(asRequest(c), `errors-${id}`, errorColumns, errorPages(deps.db, projectId, id));
  });
}

/** Also of a campaign that takes no vouchers any more. */
async function nameOf(deps: Deps, projectId: string, id: string) {
  return deps.db
    .selectFrom("campaign")
    .select(["name", "currency"])
    .where("project_id", "=", projectId)
    .where("id", "=", id)
    .executeTakeFirstOrThrow();
}

function mountOne(router: Router, deps: Deps): void {
  async function show(c: Context<ConsoleEnv>, code: string, shown: { sheet?: Sheet; done?: string | undefined }) {
    const { projectId } = c.var.viewer;
    const voucher = await readVoucher(deps.db, projectId, code, new Date());
    const [history, campaign] = await Promise.all([
      readHistory(deps.db, projectId, code),
      nameOf(deps, projectId, voucher.campaign_id),
    ]);
    return <VoucherPage viewer={c.var.viewer} voucher={voucher} history={history} campaign={campaign} {...shown} />;
  }

  router.get("/console/vouchers/code/:code", async (c) =>
    c.html(await show(c, c.req.param("code"), { done: c.req.query("done") })),
  );

  const switches = [
    ["disable", "disabled", disableVoucher],
    ["enable", "enabled", enableVoucher],
  ] as const;
  for (const [verb, done, change] of switches) {
    router.post(`/console/vouchers/code/:code/${verb}`, smallForm, async (c) => {
      await readForm(c);
      const code = c.req.param("code") ?? "";
      await inTransaction(asRequest(c), (tx) => change(tx, c.var.viewer.projectId, code, new Date()));
      return c.redirect(`${voucherAddress(code)}?done=${done}`, 303);
    });
  }

  /** A form of a voucher's page that leads back to it. */
  async function change(
    c: Context<ConsoleEnv>,
    done: (form: Form) => string,
    work: (form: Form, code: string) => Promise<unknown>,
  ) {
    const code = c.req.param("code") ?? "";
    const form = await readForm(c);
    try {
      await work(form, code);
    } catch (error) {
      if (!(error instanceof Problem) || error.code === "not_found" || error.status >= 500) throw error;
      return c.html(await show(c, code, { sheet: refusedSheet(form, error) }), error.status);
    }
    return c.redirect(`${voucherAddress(code)}?done=${done(form)}`, 303);
  }

  const how = (form: Form) => (textOf(form, "how") === "assign" ? "assign" : "publish");

  router.post("/console/vouchers/code/:code/give", smallForm, (c) =>
    change(
      c,
      (form) => (how(form) === "assign" ? "assigned" : "published"),
      async (form, code) => {
        const { projectId } = c.var.viewer;
        const customer = { identifier: textOf(form, "customer.identifier") };
        if (how(form) === "assign") {
          const { customer: to } = parsed(assignBody, { customer });
          return once(c, form, "assign", { code, to }, (tx) =>
            assignVoucher(tx, projectId, code, to.identifier, new Date()),
          );
        }
        const body = parsed(publishBody, { customer, channel: "console" });
        return once(c, form, "publish", { code, ...body }, async (tx) =>
          publishVoucher(tx, projectId, code, body, await databaseNow(tx)),
        );
      },
    ),
  );

  router.post("/console/vouchers/code/:code/top-up", smallForm, (c) =>
    change(
      c,
      () => "topped_up",
      async (form, code) => {
        const { projectId } = c.var.viewer;
        const voucher = await readVoucher(deps.db, projectId, code, new Date());
        const { currency } = await nameOf(deps, projectId, voucher.campaign_id);
        const amount = minorOf(textOf(form, "amount"), currency);
        if (amount === undefined) throw invalid("/amount", "Please fill this in.");
        const reason = textOf(form, "reason");
        const body = parsed(topUpBody, { amount, ...(reason === undefined ? {} : { reason }) });
        return once(c, form, "top-up", { code, ...body }, (tx) => topUpVoucher(tx, projectId, code, body, new Date()));
      },
    ),
  );

  router.get(`${vouchersAddress}/code`, (c) => c.redirect(vouchersAddress, 303));
}
