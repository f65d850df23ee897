/** Addresses that are never written to. */
import type { Page } from "../../http/pagination.ts";
import { addressKinds, type SuppressionWire } from "../../suppressions/schemas.ts";
import { Moment, Text } from "../format.tsx";
import { Frame } from "../layout.tsx";
import { Done } from "../parts/done.tsx";
import { SelectField, TextField } from "../parts/fields.tsx";
import { Faults, Form } from "../parts/form.tsx";
import { Head } from "../parts/head.tsx";
import { freshSheet, type Sheet } from "../parts/sheet.ts";
import { Empty } from "../parts/states.tsx";
import { Pager, Table } from "../parts/table.tsx";
import type { Viewer } from "../viewer.ts";

const list = "/console/suppressions";
const kinds = addressKinds.map((kind) => ({ value: kind, name: kind === "email" ? "e-mail" : kind }));

interface Props {
  readonly viewer: Viewer;
  readonly page: Page<SuppressionWire>;
  readonly cursor: string | undefined;
  readonly done?: string | undefined;
  readonly sheet?: Sheet;
}

export function SuppressionsPage({ viewer, page, cursor, done, sheet = freshSheet }: Props) {
  return (
    <Frame title="Suppressed addresses" viewer={viewer} place="deliveries">
      <Head
        up={{ to: "/console/deliveries", name: "Deliveries" }}
        title="Suppressed addresses"
        text="Nothing is sent to them, neither marketing nor anything else: they bounced, their owners complained, or somebody said so here."
      />
      <Done
        done={done}
        texts={{ added: "The address is not written to any more.", removed: "The address may be written to again." }}
      />
      <div class="stack">
        <section class="card">
          <Faults sheet={sheet} />
          <Form viewer={viewer} action={list}>
            <div class="fields">
              <SelectField sheet={sheet} name="kind" label="Kind" value="email" options={kinds} />
              <TextField
                sheet={sheet}
                name="address"
                label="Address"
                maxlength={254}
                hint="An e-mail address, or a phone number as +49170…"
                required
              />
            </div>
            <p class="row gap">
              <button class="button primary" type="submit">
                Never write to it again
              </button>
            </p>
          </Form>
        </section>
        <section class="card">
          <Table
            caption="Suppressed addresses"
            rows={page.data}
            empty={<Empty title="None" text="Addresses that bounce come here by themselves." />}
            columns={[
              {
                name: "Address",
                main: true,
                cell: ({ address }) =>
                  address === null ? <span class="muted">erased, still not written to</span> : <Text value={address} />,
              },
              { name: "Kind", cell: ({ kind }) => kind },
              { name: "Why", cell: ({ reason }) => (reason === "manual" ? "by hand" : reason) },
              { name: "Since", cell: ({ created_at }) => <Moment at={created_at} /> },
              {
                name: "",
                cell: ({ id, address }) => (
                  <Form viewer={viewer} action={`${list}/${encodeURIComponent(id)}/remove`}>
                    <button class="button quiet" type="submit">
                      Take off the list<span class="hidden-text"> {address ?? id}</span>
                    </button>
                  </Form>
                ),
              },
            ]}
          />
          <Pager path={list} query={{}} cursor={cursor} next={page.next_cursor} />
        </section>
      </div>
    </Frame>
  );
}
