/** What is said to customers: all templates. */
import type { Page } from "../../http/pagination.ts";
import type { TemplateWire } from "../../templates/schemas.ts";
import { type Kind, kindWords } from "../channels/kinds.ts";
import { Moment, Text } from "../format.tsx";
import { Frame } from "../layout.tsx";
import { Done } from "../parts/done.tsx";
import { Head } from "../parts/head.tsx";
import { Empty } from "../parts/states.tsx";
import { listAddress, Pager, Table } from "../parts/table.tsx";
import { Tabs } from "../parts/tabs.tsx";
import type { Viewer } from "../viewer.ts";

export const list = { to: "/console/templates", name: "Templates" };

export const templateAddress = (id: string) => `${list.to}/${encodeURIComponent(id)}`;

interface ListProps {
  readonly viewer: Viewer;
  readonly page: Page<TemplateWire>;
  readonly kinds: readonly Kind[];
  readonly kind: Kind | undefined;
  readonly cursor: string | undefined;
  readonly done: string | undefined;
}

export function TemplatesPage({ viewer, page, kinds, kind, cursor, done }: ListProps) {
  const make = (
    <a class="button primary" href={listAddress(`${list.to}/new`, { kind })}>
      New template
    </a>
  );
  return (
    <Frame title="Templates" viewer={viewer} place="templates">
      <Head title="Templates" text="What is said to customers, in their language, with their name and their code.">
        {make}
      </Head>
      <Done done={done} texts={{ deleted: "The template was deleted. What was ordered before is still sent." }} />
      <Tabs
        label="Templates by kind"
        tabs={[undefined, ...kinds].map((one) => ({
          name: one === undefined ? "all" : kindWords(one).name,
          to: listAddress(list.to, { kind: one }),
          here: kind === one,
        }))}
      />
      <section class="card">
        <Table
          caption="Templates"
          rows={page.data}
          empty={
            <Empty
              title={kind === undefined ? "No templates yet" : "None of this kind"}
              text="A template is the text of a message, with places for what differs from customer to customer."
            >
              {make}
            </Empty>
          }
          columns={[
            {
              name: "Template",
              main: true,
              cell: (template) => (
                <a href={templateAddress(template.id)}>
                  <Text value={template.name} />
                </a>
              ),
            },
            { name: "For", cell: (template) => kindWords(template.kind).name },
            { name: "Purpose", cell: (template) => template.purpose },
            { name: "Languages", cell: (template) => <Text value={Object.keys(template.languages).join(", ")} /> },
            { name: "Version", right: true, cell: (template) => template.version },
            { name: "Changed", cell: (template) => <Moment at={template.updated_at} /> },
          ]}
        />
        <Pager path={list.to} query={{ kind }} cursor={cursor} next={page.next_cursor} />
      </section>
    </Frame>
  );
}
