/** Vouchers: found, and printed by choice. */
import type { Page } from "../../http/pagination.ts";
import type { VoucherWire } from "../../vouchers/schemas.ts";
import { count, Moment, shortened, Text } from "../format.tsx";
import { Frame } from "../layout.tsx";
import { Form } from "../parts/form.tsx";
import { Head } from "../parts/head.tsx";
import { Empty, StatusBadge } from "../parts/states.tsx";
import { Pager, Table } from "../parts/table.tsx";
import type { Viewer } from "../viewer.ts";
import { voucherAddress, vouchersAddress } from "./addresses.ts";
import type { CampaignChoices } from "./campaigns.ts";
import { LayoutFields } from "./print.tsx";

export type Query = Readonly<Record<"code" | "customer" | "campaign_id" | "status" | "kind", string | undefined>>;

interface ListProps {
  readonly viewer: Viewer;
  readonly page: Page<VoucherWire>;
  readonly choices: CampaignChoices;
  /** Of the campaigns of the vouchers on the page. */
  readonly names: ReadonlyMap<string, string>;
  readonly query: Query;
  readonly cursor: string | undefined;
  /** More were there than are looked at for one page. */
  readonly isCut: boolean;
  readonly fault?: string | undefined;
}

const statuses = ["created", "distributed", "reserved", "redeemed", "expired", "disabled"];
const kinds = [
  ["unique", "Unique"],
  ["generic", "For many"],
  ["gift_card", "Gift card"],
] as const;

export function VouchersPage(props: ListProps) {
  const { viewer, query, page } = props;
  const of = query.campaign_id === undefined ? "" : `?campaign_id=${encodeURIComponent(query.campaign_id)}`;
  return (
    <Frame title="Vouchers" viewer={viewer} place="vouchers">
      <Head title="Vouchers" text="Codes of every campaign: who has them, how often they were used.">
        <a class="button primary" href={`/console/vouchers/batches/new${of}`}>
          Generate codes
        </a>
        <a class="button" href={`/console/vouchers/new${of}`}>
          One voucher
        </a>
        <a class="button" href={`/console/vouchers/import${of}`}>
          Import
        </a>
        <a class="button" href={`/console/vouchers/batches${of}`}>
          Batches
        </a>
        {query.campaign_id !== undefined && (
          <a class="button" href={`/console/vouchers/codes.csv${of}`} download>
            Download
          </a>
        )}
      </Head>
      {props.fault !== undefined && <p class="notice bad">{props.fault}</p>}
      <Filters {...props} />
      <Form viewer={viewer} action="/console/vouchers/sheet" class="card">
        <Table
          caption="Vouchers"
          rows={page.data}
          empty={
            <Empty
              title={page.next_cursor === null ? "No vouchers here." : "Nothing among the vouchers looked at so far."}
              text={
                page.next_cursor === null
                  ? "Generate codes for a campaign, or import those you have."
                  : "There are more than one search looks at: go on to the next page."
              }
            />
          }
          columns={[
            {
              name: "Code",
              main: true,
              cell: (voucher) => (
                <span class="row">
                  <input type="checkbox" name="codes" value={voucher.code} aria-label={`Select ${voucher.code}`} />
                  <a class="code" href={voucherAddress(voucher.code)}>
                    {voucher.code}
                  </a>
                </span>
              ),
            },
            { name: "Status", cell: (voucher) => <StatusBadge status={voucher.status} /> },
            {
              name: "Customer",
              cell: (voucher) =>
                voucher.customer === null ? "–" : <Text value={voucher.customer.identifier} max={40} />,
            },
            {
              name: "Campaign",
              cell: (voucher) => <Text value={props.names.get(voucher.campaign_id) ?? voucher.campaign_id} max={40} />,
            },
            {
              name: "Uses",
              right: true,
              cell: (voucher) =>
                `${count(voucher.redemptions_count)}${voucher.redemptions_max === null ? "" : ` of ${count(voucher.redemptions_max)}`}`,
            },
            {
              name: "Ends",
              cell: (voucher) => (voucher.expires_at === null ? "–" : <Moment at={voucher.expires_at} />),
            },
          ]}
        />
        {page.data.length > 0 && props.isCut && (
          <p class="notice warn" role="status">
            Not every voucher was looked at: there are too many for one search. The next page goes on from here.
          </p>
        )}
        <Pager path={vouchersAddress} query={query} cursor={props.cursor} next={page.next_cursor} />
        {page.data.length > 0 && (
          <details>
            <summary>Print those that are selected</summary>
            <div class="filters">
              <LayoutFields />
              <button class="button" type="submit">
                Sheet as PDF
              </button>
            </div>
          </details>
        )}
      </Form>
    </Frame>
  );
}

function Filters({ query, choices }: Pick<ListProps, "query" | "choices">) {
  return (
    <form class="filters" method="get" action={vouchersAddress} aria-label="Filters">
      <div>
        <label for="code">Code begins with</label>
        <input id="code" type="search" name="code" value={query.code ?? ""} maxlength={200} autocomplete="off" />
      </div>
      <div>
        <label for="customer">Customer</label>
        <input
          id="customer"
          type="search"
          name="customer"
          value={query.customer ?? ""}
          maxlength={200}
          autocomplete="off"
        />
      </div>
      <div>
        <label for="campaign">Campaign</label>
        <select id="campaign" name="campaign_id" data-submit-on-change>
          <option value="">Any</option>
          {choices.campaigns.map((campaign) => (
            <option value={campaign.id} selected={campaign.id === query.campaign_id}>
              {shortened(campaign.name, 60)}
            </option>
          ))}
        </select>
      </div>
      {choices.hasMore && (
        <div>
          <label for="campaign-name">Or its name</label>
          <input id="campaign-name" type="search" name="campaign" maxlength={200} autocomplete="off" />
        </div>
      )}
      <div>
        <label for="status">Status</label>
        <select id="status" name="status" data-submit-on-change>
          <option value="">Any</option>
          {statuses.map((status) => (
            <option value={status} selected={status === query.status}>
              {status}
            </option>
          ))}
        </select>
      </div>
      <div>
        <label for="kind">Kind</label>
        <select id="kind" name="kind" data-submit-on-change>
          <option value="">Any</option>
          {kinds.map(([kind, name]) => (
            <option value={kind} selected={kind === query.kind}>
              {name}
            </option>
          ))}
        </select>
      </div>
      <button class="button" type="submit">
        Show
      </button>
      {Object.values(query).some((value) => value !== undefined) && (
        <a class="button" href={vouchersAddress}>
          Clear
        </a>
      )}
    </form>
  );
}
