/** Keys of machines: all of them, a new one, and the questions before one is replaced or ended. */

import { scopes } from "../../http/environment.ts";
import type { Page } from "../../http/pagination.ts";
import type { KeyWire } from "../../keys/list.ts";
import { Moment, Text } from "../format.tsx";
import { Frame } from "../layout.tsx";
import { GraceField, memberAddress } from "../members/pages.tsx";
import { AttemptField } from "../parts/attempt.tsx";
import { ConfirmPage } from "../parts/confirm-page.tsx";
import { Done } from "../parts/done.tsx";
import { AreaField, CheckField, ChoiceField, TextField } from "../parts/fields.tsx";
import { Faults, Form } from "../parts/form.tsx";
import { Head } from "../parts/head.tsx";
import { freshSheet, type Sheet } from "../parts/sheet.ts";
import { Badge, Empty } from "../parts/states.tsx";
import { Pager, Table } from "../parts/table.tsx";
import type { Viewer } from "../viewer.ts";

const place = "keys";
const list = { to: "/console/keys", name: "API keys" };

const doneTexts = { revoked: "The key was revoked. Requests with it are refused from now on." };

const scopeTexts: Readonly<Record<(typeof scopes)[number], string>> = {
  checkout: "offers, validation, redemption",
  manage: "campaigns, vouchers, segments, workflows, channels",
  analytics: "dashboards, reports, exports",
  review: "the reviewers' queue",
  import: "history from files, times in the past",
  admin: "keys, members, project, erasure",
};

const originsShown = 3;

interface ListProps {
  readonly viewer: Viewer;
  readonly page: Page<KeyWire>;
  readonly cursor: string | undefined;
  readonly done: string | undefined;
  readonly now: number;
}

function isLive(key: KeyWire, now: number): boolean {
  return key.revoked_at === null && (key.expires_at === null || Date.parse(key.expires_at) > now);
}

function State(props: { of: KeyWire; now: number }) {
  const { of: key, now } = props;
  if (key.revoked_at !== null)
    return (
      <>
        <Badge tone="bad">revoked</Badge> <Moment at={key.revoked_at} />
      </>
    );
  if (key.expires_at === null) return <Badge tone="good">live</Badge>;
  return (
    <>
      {isLive(key, now) ? <Badge tone="warn">ends</Badge> : <Badge tone="bad">ended</Badge>}{" "}
      <Moment at={key.expires_at} />
    </>
  );
}

export function KeysPage({ viewer, page, cursor, done, now }: ListProps) {
  return (
    <Frame title="API keys" viewer={viewer} place={place}>
      <Head title="API keys" text="What shops, tills and jobs ask with. People have keys of their own, under Members.">
        <a class="button primary" href="/console/keys/new">
          Make a key
        </a>
      </Head>
      <Done done={done} texts={doneTexts} />
      <section class="card">
        <Table
          caption="API keys"
          rows={page.data}
          empty={<Empty title="No keys on this page" />}
          columns={[
            {
              name: "Name",
              main: true,
              cell: (key) => (
                <>
                  <Text value={key.name} /> {key.id === viewer.keyId && <Badge tone="accent">this session's</Badge>}
                </>
              ),
            },
            { name: "Key", cell: (key) => <code>{key.hint}</code> },
            {
              name: "May",
              cell: (key) => (
                <>
                  {key.kind === "publishable" ? "from browsers at " : key.scopes.join(", ")}
                  {key.allowed_origins.slice(0, originsShown).map((origin, at) => (
                    <>
                      {at > 0 && ", "}
                      <Text value={origin} max={60} />
                    </>
                  ))}
                  {key.allowed_origins.length > originsShown &&
                    ` and ${key.allowed_origins.length - originsShown} more`}
                </>
              ),
            },
            { name: "State", cell: (key) => <State of={key} now={now} /> },
            { name: "Made", cell: (key) => <Moment at={key.created_at} /> },
            { name: "", cell: (key) => <Actions of={key} viewer={viewer} now={now} /> },
          ]}
        />
        <Pager path={list.to} query={{}} cursor={cursor} next={page.next_cursor} />
      </section>
    </Frame>
  );
}

function Actions(props: { of: KeyWire; viewer: Viewer; now: number }) {
  const { of: key, viewer, now } = props;
  if (!isLive(key, now)) return null;
  if (key.member_id !== null) return <a href={memberAddress(key.member_id)}>Member</a>;
  const address = `/console/keys/${encodeURIComponent(key.id)}`;
  return (
    <span class="row">
      <a href={`${address}/rotate`}>
        Rotate<span class="hidden-text"> {key.hint}</span>
      </a>
      {key.id !== viewer.keyId && (
        <a href={`${address}/revoke`}>
          Revoke<span class="hidden-text"> {key.hint}</span>
        </a>
      )}
    </span>
  );
}

export function NewKeyPage({ viewer, sheet = freshSheet }: { viewer: Viewer; sheet?: Sheet }) {
  return (
    <Frame title="Make a key" viewer={viewer} place={place}>
      <Head
        up={list}
        title="Make a key"
        text="As few scopes as the machine needs. The text is shown once, on the next page."
      />
      <section class="card">
        <Faults sheet={sheet} />
        <Form viewer={viewer} action={list.to} once>
          <AttemptField />
          <div class="fields">
            <TextField
              sheet={sheet}
              name="name"
              label="Name"
              maxlength={200}
              placeholder="checkout of the web shop"
              required
            />
            <TextField
              sheet={sheet}
              name="expires_at"
              type="datetime-local"
              label="Ends (UTC)"
              hint="Empty: it does not."
            />
            <ChoiceField
              sheet={sheet}
              name="kind"
              label="Kind"
              value="secret"
              wide
              options={[
                { value: "secret", name: "Secret", hint: "for servers; may do what its scopes say" },
                {
                  value: "publishable",
                  name: "Publishable",
                  hint: "for browsers; may only qualify and validate, from its origins",
                },
              ]}
            />
            <fieldset class="field wide" id="f-scopes">
              <legend>Scopes of a secret key</legend>
              {scopes.map((scope) => (
                <CheckField
                  sheet={sheet}
                  name="scopes"
                  value={scope}
                  label={`${scope}: ${scopeTexts[scope]}`}
                  checked={scope === "checkout"}
                />
              ))}
            </fieldset>
            <AreaField
              sheet={sheet}
              name="allowed_origins"
              label="Origins of a publishable key, one on a line"
              placeholder="https://shop.example"
              wide
            />
          </div>
          <p class="row gap">
            <button class="button primary" type="submit">
              Make the key
            </button>
          </p>
        </Form>
      </section>
    </Frame>
  );
}

interface OneProps {
  readonly viewer: Viewer;
  readonly of: KeyWire;
  readonly sheet?: Sheet;
}

export function RotateKeyPage({ viewer, of: key, sheet = freshSheet }: OneProps) {
  return (
    <Frame title="Rotate a key" viewer={viewer} place={place}>
      <Head up={list} title="Rotate a key" />
      <section class="card narrow">
        <Faults sheet={sheet} />
        <p>
          A new key with the name, scopes and origins of <Text value={key.name} /> (<code>{key.hint}</code>). Give the
          machine time to take it over: until the old one ends, both work.
          {key.id === viewer.keyId && " You are signed in with the old one: your session ends with it."}
        </p>
        <Form viewer={viewer} action={`/console/keys/${encodeURIComponent(key.id)}/rotate`} class="gap" once>
          <AttemptField />
          <GraceField sheet={sheet} />
          <p class="row gap">
            <button class="button primary" type="submit">
              Make the new key
            </button>
            <a class="button" href={list.to}>
              Leave it as it is
            </a>
          </p>
        </Form>
      </section>
    </Frame>
  );
}

export function RevokeKeyPage({ viewer, of: key, sheet }: OneProps) {
  return (
    <ConfirmPage
      viewer={viewer}
      place={place}
      title="Revoke a key"
      action={`/console/keys/${encodeURIComponent(key.id)}/revoke`}
      verb="Revoke"
      danger
      back={list}
      {...(sheet && { sheet })}
    >
      <p>
        Whatever asks with <Text value={key.name} /> (<code>{key.hint}</code>, {key.scopes.join(", ")}) is refused at
        once, and sessions that were opened with it end within seconds. A revoked key never comes back.
      </p>
    </ConfirmPage>
  );
}
