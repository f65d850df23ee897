/** All campaigns: as the tree they are, or those that a filter finds. */
import type { CampaignWire } from "../../campaigns/schemas.ts";
import { campaignStatuses, campaignTypes } from "../../campaigns/schemas.ts";
import { count, money, Text } from "../format.tsx";
import { Frame } from "../layout.tsx";
import { Done } from "../parts/done.tsx";
import { SelectField, TextField } from "../parts/fields.tsx";
import { Head } from "../parts/head.tsx";
import { freshSheet } from "../parts/sheet.ts";
import { Badge, Empty, StatusBadge } from "../parts/states.tsx";
import { Pager, Table } from "../parts/table.tsx";
import { maySee, type Viewer } from "../viewer.ts";
import { Budget } from "./budget.tsx";

export interface Asked {
  readonly search: string | undefined;
  readonly status: CampaignWire["status"] | undefined;
  readonly type: CampaignWire["type"] | undefined;
  readonly cursor: string | undefined;
}

/** A campaign of the list, as deep as it stands in the tree. */
export interface Row {
  readonly campaign: CampaignWire;
  readonly depth: 0 | 1;
  /** Of a main campaign: more sub-campaigns than are listed. */
  readonly more?: boolean;
}

interface ListProps {
  readonly viewer: Viewer;
  readonly asked: Asked;
  readonly rows: readonly Row[];
  readonly next: string | null;
  readonly done: string | undefined;
}

export function ListPage(props: ListProps) {
  const { viewer, asked, rows } = props;
  const mayManage = maySee(viewer, ["manage"]);
  return (
    <Frame title="Campaigns" viewer={viewer} place="campaigns">
      <Head title="Campaigns" text="Main campaigns hold budget and rules for the promotions in them.">
        {mayManage && (
          <a class="button primary" href="/console/campaigns/new">
            New main campaign
          </a>
        )}
      </Head>
      <Done done={props.done} texts={{ archived: "The campaign is archived." }} />
      <Filters asked={asked} />
      <section class="card">
        <Table
          caption="Campaigns"
          rows={rows}
          columns={[
            { name: "Name", main: true, cell: (row) => <Name row={row} /> },
            { name: "State", cell: ({ campaign }) => <StatusBadge status={campaign.status} /> },
            { name: "Kind", cell: ({ campaign }) => kindOf(campaign) },
            { name: "Uses", right: true, cell: ({ campaign }) => count(campaign.usage.redemptions_count) },
            {
              name: "Discount",
              right: true,
              cell: ({ campaign }) => money(campaign.usage.discount_amount, campaign.currency),
            },
            { name: "Budget", right: true, cell: ({ campaign }) => <Budget campaign={campaign} /> },
          ]}
          empty={
            isFiltered(asked) ? (
              <Empty title="No campaign is like that">
                <a class="button" href="/console/campaigns">
                  Show all
                </a>
              </Empty>
            ) : (
              <Empty title="There are no campaigns yet" text="Begin with a main campaign, then add promotions to it.">
                {mayManage && (
                  <a class="button primary" href="/console/campaigns/new">
                    New main campaign
                  </a>
                )}
              </Empty>
            )
          }
        />
        <Pager
          path="/console/campaigns"
          query={{ search: asked.search, status: asked.status, type: asked.type }}
          cursor={asked.cursor}
          next={props.next}
        />
      </section>
    </Frame>
  );
}

export function isFiltered({ search, status, type }: Asked): boolean {
  return search !== undefined || status !== undefined || type !== undefined;
}

function Filters({ asked }: { asked: Asked }) {
  const options = (names: readonly string[], all: string) => [
    { value: "", name: all },
    ...names.map((value) => ({ value, name: value })),
  ];
  return (
    <form method="get" action="/console/campaigns" class="filters">
      <TextField sheet={freshSheet} name="search" label="Name" type="search" value={asked.search} maxlength={200} />
      <SelectField
        sheet={freshSheet}
        name="status"
        label="State"
        value={asked.status}
        options={options(campaignStatuses, "any")}
      />
      <SelectField
        sheet={freshSheet}
        name="type"
        label="Type"
        value={asked.type}
        options={options(campaignTypes, "any")}
      />
      <button class="button" type="submit">
        Show
      </button>
    </form>
  );
}

function Name({ row: { campaign, depth, more } }: { row: Row }) {
  return (
    <span class={depth === 1 ? "branch" : undefined}>
      <a class={depth === 0 ? "strong" : undefined} href={`/console/campaigns/${encodeURIComponent(campaign.id)}`}>
        <Text value={campaign.name} max={90} />
      </a>
      {campaign.automatic && (
        <>
          {" "}
          <Badge>without a code</Badge>
        </>
      )}
      {more && <span class="small muted"> · more inside</span>}
    </span>
  );
}

function kindOf(campaign: CampaignWire): string {
  const template = campaign.template.replace("_", " ");
  return campaign.type === "main" ? `Main, ${template}` : "Promotion";
}
