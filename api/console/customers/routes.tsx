/** Customers by hand, through the verbs of /v1/customers. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { findCustomer } from "../../customers/find.ts";
import { toCustomerWire } from "../../customers/schemas.ts";
import { customerSearchQuery, searchCustomers } from "../../customers/search.ts";
import { createThreeSixty } from "../../customers/three-sixty/read.ts";
import { timelineLimit, walletMax } from "../../customers/three-sixty/schema.ts";
import { upsertCustomer } from "../../customers/upsert.ts";
import { readWallet } from "../../customers/wallet.ts";
import type { Deps } from "../../deps.ts";
import { findPerson, requestErasure } from "../../erasures/request.ts";
import { databaseNow } from "../../http/occurred-at.ts";
import { invalid, notFound, Problem } from "../../http/problem.ts";
import { customerIdentifier } from "../../http/schemas.ts";
import { inTransaction } from "../../http/transaction.ts";
import { exchangePoints } from "../../points/exchange.ts";
import { adjustPoints } from "../../points/move.ts";
import { exchangeBody, movePointsBody } from "../../points/schemas.ts";
import { publishFromCampaign } from "../../publications/publish-from-campaign.ts";
import { publishVoucher } from "../../vouchers/publish.ts";
import { publishBody } from "../../vouchers/schemas.ts";
import { Text } from "../format.tsx";
import { asRequest, attemptOf, once } from "../parts/attempt.tsx";
import { ConfirmPage } from "../parts/confirm-page.tsx";
import { parsed } from "../parts/form.tsx";
import { wholeOf } from "../parts/money.ts";
import { refusedSheet, type Sheet, textOf } from "../parts/sheet.ts";
import { type ConsoleEnv, type Form, maySee, readForm, requireScope, smallForm } from "../viewer.ts";
import { campaignChoices, chosenCampaign } from "../vouchers/campaigns.ts";
import { customerAddress, customersAddress } from "./addresses.ts";
import { CustomerPage } from "./customer-page.tsx";
import type { Known } from "./known.ts";
import { CustomersPage } from "./list-page.tsx";

const perPage = 25;

export function mountCustomers(router: OpenAPIHono<ConsoleEnv>, deps: Deps): void {
  router.use("/console/customers/*", requireScope("Customers", "manage", "analytics", "review"));
  const readThreeSixty = createThreeSixty(deps);

  // As of the API: who reviews is led to single customers, and looks through no list of them.
  router.get("/console/customers", requireScope("Lists of customers", "manage", "analytics"), async (c) => {
    const { search, cursor, done } = c.req.query();
    const text = search?.trim() || undefined;
    const given = text === undefined ? {} : text.includes("@") ? { email: text } : { identifier: text };
    const { projectId } = c.var.viewer;
    const asked = parsed(customerSearchQuery, { ...given, ...(cursor === undefined ? {} : { cursor }) });
    let page = await searchCustomers(deps.db, projectId, { ...asked, limit: perPage });
    // Shops often call their customers by their address.
    if (page.data.length === 0 && "email" in given) {
      page = await searchCustomers(deps.db, projectId, {
        ...asked,
        email: undefined,
        identifier: text,
        limit: perPage,
      });
    }
    return c.html(<CustomersPage viewer={c.var.viewer} page={page} search={text} cursor={cursor} done={done} />);
  });

  /** What the warehouse cannot tell at the moment is left out; who is not there is a 404. */
  async function know(c: Context<ConsoleEnv>, identifier: string, cursor: string | undefined): Promise<Known> {
    const { projectId } = c.var.viewer;
    try {
      return await readThreeSixty(projectId, identifier, { cursor, limit: timelineLimit });
    } catch (error) {
      if (error instanceof Problem) throw error;
      deps.log.warn({ err: error, request_id: c.var.requestId }, "the history of a customer could not be read");
      const customer = await findCustomer(deps.db, projectId, identifier);
      if (!customer) throw notFound("customer");
      const wallet = await readWallet(deps.db, projectId, customer.id, { after: undefined, limit: walletMax });
      return { profile: toCustomerWire(customer), wallet };
    }
  }

  async function show(c: Context<ConsoleEnv>, identifier: string, shown: { sheet?: Sheet; done?: string | undefined }) {
    const { projectId } = c.var.viewer;
    const cursor = c.req.method === "GET" ? c.req.query("cursor") : undefined;
    const [known, choices, exchanges] = await Promise.all([
      know(c, identifier, cursor),
      campaignChoices(deps.db, projectId, undefined),
      sellingForPoints(deps, projectId),
    ]);
    return (
      <CustomerPage
        viewer={c.var.viewer}
        known={known}
        choices={choices}
        exchanges={exchanges}
        cursor={cursor}
        {...shown}
      />
    );
  }

  router.get("/console/customers/of/:identifier", async (c) =>
    c.html(await show(c, c.req.param("identifier"), { done: c.req.query("done") })),
  );

  /** A form of a customer's page that leads back to it. */
  function change(
    verb: string,
    done: string,
    work: (c: Context<ConsoleEnv>, form: Form, identifier: string) => Promise<unknown>,
  ) {
    const guard = requireScope("Changes of customers", "manage");
    router.post(`/console/customers/of/:identifier/${verb}`, guard, smallForm, async (c) => {
      const identifier = c.req.param("identifier") ?? "";
      const form = await readForm(c);
      if (!customerIdentifier.safeParse(identifier).success) throw notFound("customer");
      try {
        await work(c, form, identifier);
      } catch (error) {
        if (!(error instanceof Problem) || error.status >= 500) throw error;
        // Whoever is not there has no page to be told on.
        if (!(await findCustomer(deps.db, c.var.viewer.projectId, identifier))) throw error;
        return c.html(await show(c, identifier, { sheet: refusedSheet(form, error) }), error.status);
      }
      return c.redirect(`${customerAddress(identifier)}?done=${done}`, 303);
    });
  }

  change("give", "published", async (c, form, identifier) => {
    const { projectId } = c.var.viewer;
    const code = textOf(form, "code");
    const isChosen = ["campaign", "campaign_id"].some((name) => textOf(form, name) !== undefined);
    const customer = { identifier };
    if (code !== undefined) {
      const body = parsed(publishBody, { customer, channel: "console" });
      return once(c, form, "publish", { code, ...body }, async (tx) =>
        publishVoucher(tx, projectId, code, body, await databaseNow(tx)),
      );
    }
    if (!isChosen) throw invalid("/code", "Type a code, or choose a campaign.");
    const { id: campaignId } = await chosenCampaign(deps.db, projectId, form);
    const sourceId = `console-${attemptOf(form)}`;
    return inTransaction(asRequest(c), async (tx) => {
      const given = await publishFromCampaign(
        tx,
        projectId,
        { campaignId, customer, sourceId, channel: "console" },
        await databaseNow(tx),
      );
      if (given.outcome === "refused") throw invalid("/campaign_id", refusals[given.reason] ?? wordsOf(given.reason));
    });
  });

  change("points", "points", async (c, form, identifier) => {
    const { projectId } = c.var.viewer;
    const reason = textOf(form, "reason");
    if (reason === undefined) throw invalid("/reason", "Please say why.");
    const body = parsed(movePointsBody, { points: wholeOf(textOf(form, "points")), reason });
    return once(c, form, "points", { identifier, ...body }, async (tx) =>
      adjustPoints(tx, projectId, identifier, body, await databaseNow(tx)),
    );
  });

  change("exchange", "exchanged", async (c, form, identifier) => {
    const { projectId } = c.var.viewer;
    const { campaign_id } = parsed(exchangeBody, { campaign_id: textOf(form, "exchange_campaign_id") });
    return once(c, form, "exchange", { identifier, campaign_id }, async (tx) =>
      exchangePoints(tx, projectId, identifier, campaign_id, await databaseNow(tx)),
    );
  });

  for (const blocked of [true, false]) {
    change(blocked ? "block" : "unblock", blocked ? "blocked" : "unblocked", async (c, _form, identifier) => {
      const { projectId } = c.var.viewer;
      if (!(await findCustomer(deps.db, projectId, identifier))) throw notFound("customer");
      return inTransaction(asRequest(c), async (tx) =>
        upsertCustomer(tx, projectId, identifier, { blocked }, await databaseNow(tx)),
      );
    });
  }

  const erases = requireScope("Erasures", "admin");

  router.get("/console/customers/of/:identifier/erase", erases, async (c) => {
    const identifier = c.req.param("identifier");
    const person = await findPerson(deps.db, deps.warehouse, c.var.viewer.projectId, identifier);
    if (!person) throw notFound("customer");
    return c.html(
      <ConfirmPage
        viewer={c.var.viewer}
        place="customers"
        title="Erase the customer"
        action={`${customerAddress(identifier)}/erase`}
        verb="Erase for good"
        danger
        back={{ to: customerAddress(identifier), name: "The customer" }}
      >
        <p>
          <strong>
            <Text value={identifier} />
          </strong>{" "}
          is taken out of everything that is stored, and nobody can bring them back:
        </p>
        <ul>
          <li>name, addresses, attributes, consent and every text that mentions them go;</li>
          <li>what they bought and what it cost stays under a random name, so that every sum holds;</li>
          <li>their vouchers, gift cards and points can no longer be used by them;</li>
          <li>
            what comes under this identifier until it is done, in a minute or two, is erased too; a purchase after that
            makes a new customer.
          </li>
        </ul>
        <p>Backups that were made before keep what they hold until they are deleted.</p>
      </ConfirmPage>,
    );
  });

  router.post("/console/customers/of/:identifier/erase", erases, smallForm, async (c) => {
    await readForm(c);
    const { projectId } = c.var.viewer;
    const person = await findPerson(deps.db, deps.warehouse, projectId, c.req.param("identifier"));
    if (!person) throw notFound("customer");
    await inTransaction(asRequest(c), (tx) => requestErasure(tx, projectId, person, "requested"));
    return c.redirect(
      maySee(c.var.viewer, ["manage", "analytics"]) ? `${customersAddress}?done=erased` : "/console",
      303,
    );
  });
}

const refusals: Readonly<Record<string, string>> = {
  in_holdout: "The customer is held out, to measure what the campaign causes.",
};

const wordsOf = (reason: string) => `It was refused: ${reason.replaceAll("_", " ")}.`;

/** Active campaigns whose vouchers have a price in points. */
function sellingForPoints(deps: Deps, projectId: string) {
  return deps.db
    .selectFrom("campaign")
    .select(["id", "name"])
    .where("project_id", "=", projectId)
    .where("type", "=", "sub")
    .where("status", "=", "active")
    .where("points_price", "is not", null)
    .orderBy("name")
    .limit(100)
    .execute();
}
