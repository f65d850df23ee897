/** Where the console begins: what runs, what waits for a person, and where to look. */
import type { CampaignWire } from "../../campaigns/schemas.ts";
import { Budget } from "../campaigns/budget.tsx";
import { count, money, Text } from "../format.tsx";
import { Frame } from "../layout.tsx";
import { Head } from "../parts/head.tsx";
import { Empty } from "../parts/states.tsx";
import { Table } from "../parts/table.tsx";
import { maySee, type Viewer } from "../viewer.ts";
import type { Waiting } from "./waiting.ts";

interface HomeProps {
  readonly viewer: Viewer;
  readonly waiting: Waiting;
}

export function HomePage({ viewer, waiting }: HomeProps) {
  const { reviews, drafts, low, failed } = waiting;
  return (
    <Frame title="Console" viewer={viewer} place="home">
      <Head title={<bdi>{viewer.projectName}</bdi>} text="What runs, what waits for a person, and where to look." />
      <div class="tiles">
        {drafts !== undefined && <Tile to="/console/campaigns?status=draft" name="Drafts" value={count(drafts)} />}
        {low !== undefined && (
          <Tile to="/console/pools" name="Pools low on codes" value={count(low.length)} warn={low.length > 0} />
        )}
        {failed !== undefined && (
          <Tile
            to="/console/deliveries?status=failed"
            name="Messages failed today"
            value={failed}
            warn={failed !== "0"}
          />
        )}
        {reviews && (
          <>
            <Tile to="/console/reviews" name="Open reviews" value={count(reviews.open)} />
            <Tile to="/console/reviews?status=held" name="Held" value={count(reviews.held)} />
            <Tile
              to="/console/reviews?status=all&overdue=true"
              name="Overdue"
              value={count(reviews.overdue)}
              warn={reviews.overdue > 0}
            />
            <Tile to="/console/reviews?status=all&assigned_to=me" name="Mine" value={count(reviews.mine)} />
          </>
        )}
      </div>
      {waiting.running && <Running viewer={viewer} campaigns={waiting.running} />}
      <div class="pair after">
        {maySee(viewer, ["checkout"]) && (
          <Card
            to="/console/redeem"
            name="Redeem by hand"
            text="Type or scan a code, and see what it gives or why not."
          />
        )}
        {maySee(viewer, ["review"]) && (
          <>
            <Card
              to="/console/clusters"
              name="Linked accounts"
              text="Accounts that share cards, devices, addresses and IPs."
            />
            <Card to="/console/reviews/metrics" name="How we decide" text="Precision, yield and speed of reviewers." />
          </>
        )}
        {maySee(viewer, ["analytics"]) && (
          <Card to="/dashboards/" name="Dashboards" text="Campaigns, customers, rejections, codes, data health." />
        )}
        <Card to="/docs" name="API reference" text="Every route, tried out from the page." />
      </div>
    </Frame>
  );
}

function Running({ viewer, campaigns }: { viewer: Viewer; campaigns: readonly CampaignWire[] }) {
  return (
    <section class="card">
      <h2>
        Running campaigns<small>nearest to the end of their budget first</small>
      </h2>
      <Table
        caption="Running campaigns"
        rows={campaigns}
        columns={[
          {
            name: "Name",
            main: true,
            cell: (campaign) => (
              <a href={`/console/campaigns/${encodeURIComponent(campaign.id)}`}>
                <Text value={campaign.name} max={80} />
              </a>
            ),
          },
          { name: "Uses", right: true, cell: ({ usage }) => count(usage.redemptions_count) },
          { name: "Discount", right: true, cell: ({ usage, currency }) => money(usage.discount_amount, currency) },
          { name: "Budget used", right: true, cell: (campaign) => <Budget campaign={campaign} /> },
        ]}
        empty={
          <Empty title="Nothing runs yet" text="A campaign works once it and its main campaign are active.">
            {maySee(viewer, ["manage"]) && (
              <a class="button primary" href="/console/campaigns/new">
                New main campaign
              </a>
            )}
          </Empty>
        }
      />
    </section>
  );
}

function Tile(props: { to: string; name: string; value: string; warn?: boolean }) {
  return (
    <a class="tile" href={props.to}>
      <span class="label">{props.name}</span>
      <div class={`value${props.warn ? " warn" : ""}`}>{props.value}</div>
    </a>
  );
}

function Card(props: { to: string; name: string; text: string }) {
  return (
    <section class="card">
      <h2>
        <a href={props.to}>{props.name}</a>
      </h2>
      <p class="muted">{props.text}</p>
    </section>
  );
}
