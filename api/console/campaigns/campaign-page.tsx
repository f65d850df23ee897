/** One campaign: what state it is in, what it costs and brings, and its definition read back. */
import type { CampaignReportWire } from "../../campaigns/report-schema.ts";
import type { CampaignWire } from "../../campaigns/schemas.ts";
import type { RewardNames } from "../../domain/rewards/sentence.ts";
import { ruleSentence } from "../../domain/rules/sentence.ts";
import { count, money, percent, shortened, Text } from "../format.tsx";
import { Frame, Notice } from "../layout.tsx";
import { Done } from "../parts/done.tsx";
import { Head } from "../parts/head.tsx";
import { Ago, MomentAt } from "../parts/moments.tsx";
import { Badge, Empty, StatusBadge, Unavailable } from "../parts/states.tsx";
import { Table } from "../parts/table.tsx";
import { maySee, type Viewer } from "../viewer.ts";
import { Budget } from "./budget.tsx";
import { behaviourSentences, limitSentences, rewardSentences } from "./words.ts";

interface CampaignProps {
  readonly viewer: Viewer;
  readonly campaign: CampaignWire;
  readonly parent: CampaignWire | undefined;
  /** Of a main campaign: the sub-campaigns in it. */
  readonly promotions: readonly CampaignWire[];
  readonly hasMore: boolean;
  /** Undefined: not asked for, by who may not; null: it could not be read. */
  readonly report: CampaignReportWire | null | undefined;
  readonly names: RewardNames;
  readonly done: string | undefined;
  readonly now: number;
}

const doneTexts = {
  created: "The draft is there. Try it on a basket, then activate it.",
  saved: "Saved.",
  activate: "The campaign is active.",
  pause: "The campaign is paused: its codes are refused until it is active again.",
};

export function CampaignPage(props: CampaignProps) {
  const { viewer, campaign, parent } = props;
  const here = `/console/campaigns/${encodeURIComponent(campaign.id)}`;
  const up = parent
    ? { to: `/console/campaigns/${encodeURIComponent(parent.id)}`, name: shortened(parent.name, 60) }
    : { to: "/console/campaigns", name: "Campaigns" };
  return (
    <Frame title={shortened(campaign.name, 60)} viewer={viewer} place="campaigns">
      <Head
        up={up}
        title={<Text value={campaign.name} />}
        beside={
          <>
            <StatusBadge status={campaign.status} />
            <Badge>{campaign.type === "main" ? `main, ${campaign.template.replace("_", " ")}` : "promotion"}</Badge>
            <span class="muted small">
              version {count(campaign.version)}, changed <Ago at={campaign.updated_at} now={props.now} />
            </span>
          </>
        }
      >
        <Actions {...props} here={here} />
      </Head>
      <Done done={props.done} texts={doneTexts} />
      <Waiting campaign={campaign} parent={parent} />
      <Figures {...props} />
      <div class="pair">
        <Definition {...props} />
        <div class="stack">
          <Schedule {...props} />
          <Funnel {...props} />
        </div>
      </div>
      {campaign.type === "main" && <Promotions {...props} here={here} />}
    </Frame>
  );
}

function Actions({ viewer, campaign, here }: CampaignProps & { here: string }) {
  const { status, type, template } = campaign;
  const mayManage = maySee(viewer, ["manage"]);
  return (
    <>
      {mayManage && status !== "archived" && (
        <>
          {(status === "draft" || status === "paused") && (
            <a class="button primary" href={`${here}/activate`}>
              Activate
            </a>
          )}
          {status === "active" && (
            <a class="button" href={`${here}/pause`}>
              Pause
            </a>
          )}
          <a class="button" href={`${here}/edit`}>
            Change
          </a>
          {type === "sub" && template !== "gift_card" && (
            <a class="button" href={`${here}/try`}>
              Try on a basket
            </a>
          )}
          {status !== "active" && (
            <a class="button" href={`${here}/archive`}>
              Archive
            </a>
          )}
        </>
      )}
      {mayManage && type === "sub" && (
        <a class="button" href={`/console/vouchers?campaign_id=${encodeURIComponent(campaign.id)}`}>
          Vouchers
        </a>
      )}
      {maySee(viewer, ["analytics"]) && (
        <a class="button" href={`/dashboards/campaigns/${encodeURIComponent(campaign.id)}`}>
          Dashboard
        </a>
      )}
    </>
  );
}

/** Why codes do not work although it looks as if they should. */
function Waiting({ campaign, parent }: Pick<CampaignProps, "campaign" | "parent">) {
  if (campaign.status === "active" && parent !== undefined && parent.status !== "active") {
    return <Notice tone="warn">{`It works once its main campaign is active, too: that is ${parent.status}.`}</Notice>;
  }
  return null;
}

function Figures({ campaign, report }: CampaignProps) {
  const { usage, currency } = campaign;
  return (
    <dl class="tiles">
      <div class="tile">
        <dt>Uses</dt>
        <dd>{count(usage.redemptions_count)}</dd>
      </div>
      <div class="tile">
        <dt>Discount given</dt>
        <dd>{money(usage.discount_amount, currency)}</dd>
      </div>
      <div class="tile">
        <dt>Value of its orders</dt>
        <dd>{money(usage.orders_amount, currency)}</dd>
      </div>
      <div class="tile">
        <dt>Budget</dt>
        <dd class="small-figure">
          <Budget campaign={campaign} />
        </dd>
      </div>
      {report && (
        <div class="tile">
          <dt>New customers</dt>
          <dd>
            {count(report.new_customers_count)} <span class="muted small">of {count(report.customers_count)}</span>
          </dd>
        </div>
      )}
    </dl>
  );
}

function Definition({ campaign, names }: CampaignProps) {
  const { rules, currency, customer_information: information } = campaign;
  const isSub = campaign.type === "sub";
  return (
    <section class="card">
      <h2>{isSub ? "What it does" : "What holds for all in it"}</h2>
      {isSub && <Sentences title="Gives" texts={rewardSentences(campaign, names)} none="Nothing by itself." />}
      <h3>Applies if</h3>
      <p class="sentence" data-test="rules">
        {rules === null ? (
          <span class="muted">Everybody, on every order.</span>
        ) : (
          <bdi>{shortened(`${ruleSentence(rules, currency)}.`, 4_000)}</bdi>
        )}
      </p>
      <Sentences title="Limits" texts={limitSentences(campaign)} none="None." />
      {isSub && <Sentences title="Behaves" texts={behaviourSentences(campaign)} none="" />}
      {information !== null && <Sentences title="Tells the customer" texts={[information]} none="" />}
    </section>
  );
}

function Sentences(props: { title: string; texts: readonly string[]; none: string }) {
  return (
    <>
      <h3>{props.title}</h3>
      {props.texts.length === 0 ? (
        <p class="muted">{props.none}</p>
      ) : (
        <ul class="sentences">
          {props.texts.map((text) => (
            <li>
              <Text value={text} max={2_000} />
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Schedule({ campaign, report }: CampaignProps) {
  const { starts_at, ends_at, time_zone, metadata } = campaign;
  const pace = report?.pace;
  const facts = [
    ["Team", campaign.team],
    ["Budget code", campaign.budget_code],
    ["Channel", campaign.channel],
    ["Purpose", campaign.purpose],
    ["Medium", campaign.medium],
    ...Object.entries(metadata).map(([key, value]) => [key, String(value)]),
  ].filter((fact): fact is [string, string] => fact[1] !== null);
  return (
    <section class="card">
      <h2>Schedule and pace</h2>
      <dl class="facts">
        <dt>Starts</dt>
        <dd>{starts_at === null ? "at once" : <MomentAt at={starts_at} timeZone={time_zone} />}</dd>
        <dt>Ends</dt>
        <dd>{ends_at === null ? "never" : <MomentAt at={ends_at} timeZone={time_zone} />}</dd>
        {pace && (
          <>
            <dt>Spends a day</dt>
            <dd>
              {money(Math.round(pace.daily_amount), campaign.currency)}{" "}
              <span class="muted">on the days before today</span>
            </dd>
            <dt>Budget used up</dt>
            <dd>
              {pace.forecast_exhausted_on ?? "no forecast"}
              {pace.alert !== "" && (
                <>
                  {" "}
                  <Badge tone="warn">{alertWords[pace.alert]}</Badge>
                </>
              )}
            </dd>
          </>
        )}
        {facts.map(([name, value]) => (
          <>
            <dt>
              <Text value={name} max={60} />
            </dt>
            <dd>
              <Text value={value} />
            </dd>
          </>
        ))}
      </dl>
    </section>
  );
}

const alertWords = {
  reached_80: "80 % reached",
  reached_100: "used up",
  exhausts_early: "ends before its end",
} as const;

function Funnel({ campaign, report, now }: CampaignProps) {
  if (report === undefined) return null;
  if (report === null) return <Unavailable what="The funnel" />;
  const { funnel } = report;
  const steps = [
    ["Handed out", funnel.published_count],
    ["Validated", funnel.validations_count],
    ["Valid", funnel.valid_count],
    ["Redeemed", funnel.redeemed_count],
    ["Rolled back", funnel.rolled_back_count],
    ["Rejected", report.rejections_count],
  ] as const;
  const most = Math.max(1, ...steps.map(([, value]) => value));
  return (
    <section class="card">
      <h2>
        Funnel
        <small>
          as of <Ago at={report.as_of} now={now} />
        </small>
      </h2>
      <ul class="funnel">
        {steps.map(([name, value]) => (
          <li>
            <span>{name}</span>
            <svg class="meter" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
              <rect class="meter-track" width="100" height="6" rx="3" />
              <rect class="meter-done" width={String((100 * value) / most)} height="6" rx="3" />
            </svg>
            <span class="number right">{count(value)}</span>
          </li>
        ))}
      </ul>
      <p class="small muted">
        {`Orders worth ${money(report.revenue_amount, campaign.currency)} after discounts; `}
        {report.orders_count === 0
          ? "no order yet."
          : `${percent(report.new_customers_count / Math.max(1, report.customers_count))} of its customers are new.`}
      </p>
    </section>
  );
}

function Promotions({ viewer, campaign, promotions, hasMore, here }: CampaignProps & { here: string }) {
  const mayAdd = maySee(viewer, ["manage"]) && campaign.status !== "archived";
  const add = (
    <a class="button primary" href={`${here}/new`}>
      New promotion
    </a>
  );
  return (
    <section class="card after">
      <div class="row between gap-after">
        <h2>Promotions in it</h2>
        {mayAdd && promotions.length > 0 && add}
      </div>
      <Table
        caption="Promotions"
        rows={promotions}
        columns={[
          {
            name: "Name",
            main: true,
            cell: (child) => (
              <a href={`/console/campaigns/${encodeURIComponent(child.id)}`}>
                <Text value={child.name} max={90} />
              </a>
            ),
          },
          { name: "State", cell: (child) => <StatusBadge status={child.status} /> },
          { name: "Uses", right: true, cell: (child) => count(child.usage.redemptions_count) },
          { name: "Discount", right: true, cell: (child) => money(child.usage.discount_amount, child.currency) },
          { name: "Budget", right: true, cell: (child) => <Budget campaign={child} /> },
        ]}
        empty={
          <Empty title="No promotion yet" text="Promotions hold the rewards, the rules and the codes.">
            {mayAdd && add}
          </Empty>
        }
      />
      {hasMore && <p class="small muted">There are more: search for them by name in the list of campaigns.</p>}
    </section>
  );
}
