/** Customers, found by what a person knows of them. */
import type { z } from "@hono/zod-openapi";
import type { customerWire } from "../../customers/schemas.ts";
import type { Page } from "../../http/pagination.ts";
import { Moment, Text } from "../format.tsx";
import { Frame } from "../layout.tsx";
import { Done } from "../parts/done.tsx";
import { Head } from "../parts/head.tsx";
import { Badge, Empty } from "../parts/states.tsx";
import { Pager, Table } from "../parts/table.tsx";
import type { Viewer } from "../viewer.ts";
import { customerAddress, customersAddress } from "./addresses.ts";

interface ListProps {
  readonly viewer: Viewer;
  readonly page: Page<z.output<typeof customerWire>>;
  /** As it was typed. */
  readonly search: string | undefined;
  readonly cursor: string | undefined;
  readonly done: string | undefined;
}

const doneTexts = { erased: "The customer is being erased. It takes a minute or two." };

export function CustomersPage({ viewer, page, search, cursor, done }: ListProps) {
  return (
    <Frame title="Customers" viewer={viewer} place="customers">
      <Head title="Customers" text="Everything known of one, and what can be done for them." />
      <Done done={done} texts={doneTexts} />
      <form class="filters" method="get" action={customersAddress} aria-label="Search">
        <div>
          <label for="search">Identifier, or e-mail address</label>
          <input
            id="search"
            type="search"
            name="search"
            value={search ?? ""}
            maxlength={320}
            autocomplete="off"
            dir="auto"
          />
        </div>
        <button class="button primary" type="submit">
          Search
        </button>
        {search !== undefined && (
          <a class="button" href={customersAddress}>
            All
          </a>
        )}
      </form>
      <section class="card">
        <Table
          caption="Customers"
          rows={page.data}
          empty={
            search === undefined ? (
              <Empty
                title="Nobody yet."
                text="Orders, events and redemptions make customers, an import does, or the API."
              />
            ) : (
              <Empty
                title="Nobody is called that."
                text="An identifier is found by its beginning, an address as a whole."
              />
            )
          }
          columns={[
            {
              name: "Customer",
              main: true,
              cell: (customer) => (
                <a href={customerAddress(customer.identifier)}>
                  <Text value={customer.identifier} max={80} />
                </a>
              ),
            },
            { name: "Name", cell: (customer) => <Text value={customer.name ?? "–"} max={60} /> },
            { name: "E-mail", cell: (customer) => <Text value={customer.email ?? "–"} max={60} /> },
            { name: "Known since", cell: (customer) => <Moment at={customer.created_at} /> },
            { name: "", cell: (customer) => customer.blocked && <Badge tone="bad">blocked</Badge> },
          ]}
        />
        <Pager path={customersAddress} query={{ search }} cursor={cursor} next={page.next_cursor} />
      </section>
    </Frame>
  );
}
