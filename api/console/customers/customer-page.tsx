/** One customer: the 360, and what a manager may do for them. */
import { Moment, Text } from "../format.tsx";
import { Frame } from "../layout.tsx";
import { Done } from "../parts/done.tsx";
import { Faults, Form } from "../parts/form.tsx";
import { Head } from "../parts/head.tsx";
import { freshSheet, type Sheet } from "../parts/sheet.ts";
import { Badge, Unavailable } from "../parts/states.tsx";
import { maySee, type Viewer } from "../viewer.ts";
import type { CampaignChoices } from "../vouchers/campaigns.ts";
import { Actions } from "./actions.tsx";
import { customerAddress, customersAddress } from "./addresses.ts";
import { Figures, Lists, Predictions, Timeline } from "./history.tsx";
import type { Choice, Known } from "./known.ts";
import { Wallet } from "./wallet.tsx";

interface CustomerProps {
  readonly viewer: Viewer;
  readonly known: Known;
  readonly choices: CampaignChoices;
  /** Those with a price in points. */
  readonly exchanges: readonly Choice[];
  readonly cursor: string | undefined;
  readonly done?: string | undefined;
  readonly sheet?: Sheet;
}

const doneTexts = {
  published: "The voucher was handed out.",
  points: "The points were booked.",
  exchanged: "The points were exchanged: the voucher is in the wallet.",
  blocked: "The customer redeems nothing from now on.",
  unblocked: "The customer may redeem again.",
};

export function CustomerPage(props: CustomerProps) {
  const { viewer, known, sheet = freshSheet } = props;
  const { profile, figures, timeline } = known;
  const address = customerAddress(profile.identifier);
  const manages = maySee(viewer, ["manage"]) && profile.id !== null;
  return (
    <Frame title="Customer" viewer={viewer} place="customers">
      <Head
        {...(maySee(viewer, ["manage", "analytics"]) && { up: { to: customersAddress, name: "Customers" } })}
        title={<Text value={profile.name ?? profile.identifier} max={80} />}
        beside={profile.blocked ? <Badge tone="bad">blocked</Badge> : undefined}
        text={<Text value={profile.identifier} />}
      >
        {maySee(viewer, ["checkout"]) && (
          <a class="button" href={`/console/redeem?customer=${encodeURIComponent(profile.identifier)}`}>
            Redeem
          </a>
        )}
        {maySee(viewer, ["analytics"]) && (
          <a class="button" href={`/dashboards/customers/${encodeURIComponent(profile.identifier)}/`}>
            Dashboard
          </a>
        )}
        {manages && (
          <Form viewer={viewer} action={`${address}/${profile.blocked ? "unblock" : "block"}`}>
            <button class="button" type="submit">
              {profile.blocked ? "Unblock" : "Block"}
            </button>
          </Form>
        )}
        {maySee(viewer, ["admin"]) && (
          <a class="button danger" href={`${address}/erase`}>
            Erase
          </a>
        )}
      </Head>
      <Done done={props.done} texts={doneTexts} />
      <Faults sheet={sheet} />
      {figures === undefined ? (
        <Unavailable what="Orders, figures and the timeline" />
      ) : (
        <Figures figures={figures} risk={maySee(viewer, ["review"]) ? known.risk : undefined} />
      )}
      <div class="columns">
        <div class="stack">
          <Wallet wallet={known.wallet} />
          <Lists known={known} />
          {timeline && <Timeline timeline={timeline} address={address} cursor={props.cursor} />}
        </div>
        <div class="stack">
          <Profile profile={profile} asOf={known.as_of} />
          <Predictions known={known} />
          {manages && (
            <Actions
              viewer={viewer}
              sheet={sheet}
              address={address}
              choices={props.choices}
              exchanges={props.exchanges}
            />
          )}
        </div>
      </div>
    </Frame>
  );
}

function Profile({ profile, asOf }: { profile: Known["profile"]; asOf: string | undefined }) {
  const rows = [
    ["Name", profile.name],
    ["E-mail", profile.email],
    ["Phone", profile.phone],
    ["Birthday", profile.birthday],
    [
      "Tags",
      Object.entries(profile.tags)
        .map(([category, tags]) => `${category}: ${tags.join(", ")}`)
        .join("; "),
    ],
    [
      "Attributes",
      Object.entries(profile.attributes)
        .map(([name, value]) => `${name}: ${String(value)}`)
        .join("; "),
    ],
    [
      "Consent",
      Object.entries(profile.consent)
        .map(([channel, yes]) => `${channel}: ${yes ? "yes" : "no"}`)
        .join(", "),
    ],
  ] as const;
  return (
    <section class="card">
      <h2>Profile</h2>
      <dl class="facts">
        {rows.map(
          ([name, value]) =>
            value !== null &&
            value !== "" && (
              <>
                <dt>{name}</dt>
                <dd>
                  <Text value={value} max={400} />
                </dd>
              </>
            ),
        )}
        {profile.created_at !== null && (
          <>
            <dt>Known since</dt>
            <dd>
              <Moment at={profile.created_at} />
            </dd>
          </>
        )}
        {asOf !== undefined && (
          <>
            <dt>Figures as of</dt>
            <dd>
              <Moment at={asOf} />
            </dd>
          </>
        )}
      </dl>
    </section>
  );
}
