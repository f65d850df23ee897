/** The people of a project, and one of them. */
import type { Page } from "../../http/pagination.ts";
import { type Role, roles, scopesOfRole } from "../../members/roles.ts";
import type { MemberWire } from "../../members/schemas.ts";
import { Moment, Text } from "../format.tsx";
import { Frame } from "../layout.tsx";
import { AttemptField } from "../parts/attempt.tsx";
import { ConfirmPage } from "../parts/confirm-page.tsx";
import { Done } from "../parts/done.tsx";
import { ChoiceField, SelectField, TextField } from "../parts/fields.tsx";
import { Faults, Form } from "../parts/form.tsx";
import { Head } from "../parts/head.tsx";
import { freshSheet, type Sheet } from "../parts/sheet.ts";
import { Badge, Empty } from "../parts/states.tsx";
import { Pager, Table } from "../parts/table.tsx";
import type { Viewer } from "../viewer.ts";

const place = "members";
const list = { to: "/console/members", name: "Members" };

const doneTexts = {
  removed: "The member was removed. The key is revoked, and sessions end within seconds.",
  changed: "Saved. A new role holds within seconds, also for whoever is signed in.",
};

const roleTexts: Readonly<Record<Role, string>> = {
  owner: "everything, members and keys too",
  manager: "campaigns, vouchers, segments, workflows, channels, reports",
  cashier: "checking and redeeming codes by hand",
  analyst: "dashboards, Customer 360, exports",
  reviewer: "the queue of suspicious redemptions",
};

const nameOf = (role: string) => role.slice(0, 1).toUpperCase() + role.slice(1);
export const memberAddress = (id: string) => `/console/members/${encodeURIComponent(id)}`;

interface ListProps {
  readonly viewer: Viewer;
  readonly page: Page<MemberWire>;
  readonly cursor: string | undefined;
  readonly done: string | undefined;
}

export function MembersPage({ viewer, page, cursor, done }: ListProps) {
  return (
    <Frame title="Members" viewer={viewer} place={place}>
      <Head title="Members" text="Who may sign in here, each with a key of their own. Machines have API keys.">
        <a class="button primary" href="/console/members/new">
          Add a member
        </a>
      </Head>
      <Done done={done} texts={doneTexts} />
      <section class="card">
        <Table
          caption="Members"
          rows={page.data}
          empty={
            <Empty
              title="Nobody yet"
              text="Add the first owner: whoever signs in with a machine's key is nobody by name."
            >
              <a class="button primary" href="/console/members/new">
                Add a member
              </a>
            </Empty>
          }
          columns={[
            {
              name: "Name",
              main: true,
              cell: (member) => (
                <a href={memberAddress(member.id)}>
                  <Text value={member.name} />
                </a>
              ),
            },
            {
              name: "Role",
              cell: ({ role }) => <Badge tone={role === "owner" ? "accent" : "plain"}>{nameOf(role)}</Badge>,
            },
            { name: "E-mail", cell: ({ email }) => (email === null ? "–" : <Text value={email} />) },
            { name: "Key", cell: ({ key }) => <code>{key.hint}</code> },
            { name: "Since", cell: (member) => <Moment at={member.created_at} /> },
          ]}
        />
        <Pager path={list.to} query={{}} cursor={cursor} next={page.next_cursor} />
      </section>
    </Frame>
  );
}

function Fields(props: { sheet: Sheet; member?: MemberWire }) {
  const { sheet, member } = props;
  return (
    <div class="fields">
      <TextField sheet={sheet} name="name" label="Name" value={member?.name} maxlength={100} required />
      <TextField
        sheet={sheet}
        name="email"
        type="email"
        label="E-mail"
        value={member?.email}
        maxlength={200}
        hint="To tell two people of one name apart. We send nothing to it."
      />
      <ChoiceField
        sheet={sheet}
        name="role"
        label="Role"
        value={member?.role ?? "manager"}
        wide
        options={roles.map((role) => ({
          value: role,
          name: nameOf(role),
          hint: `${roleTexts[role]} (${scopesOfRole[role].join(", ")})`,
        }))}
      />
    </div>
  );
}

export function NewMemberPage({ viewer, sheet = freshSheet }: { viewer: Viewer; sheet?: Sheet }) {
  return (
    <Frame title="Add a member" viewer={viewer} place={place}>
      <Head up={list} title="Add a member" text="The key is made with the member and shown once, on the next page." />
      <section class="card">
        <Faults sheet={sheet} />
        <Form viewer={viewer} action={list.to} once>
          <AttemptField />
          <Fields sheet={sheet} />
          <p class="row gap">
            <button class="button primary" type="submit">
              Add the member
            </button>
          </p>
        </Form>
      </section>
    </Frame>
  );
}

interface MemberProps {
  readonly viewer: Viewer;
  readonly member: MemberWire;
  readonly sheet?: Sheet;
  readonly done?: string | undefined;
}

export function MemberPage({ viewer, member, sheet = freshSheet, done }: MemberProps) {
  const address = memberAddress(member.id);
  const own = member.key.id === viewer.keyId;
  return (
    <Frame title={member.name} viewer={viewer} place={place}>
      <Head
        up={list}
        title={<Text value={member.name} max={100} />}
        beside={own ? <Badge tone="accent">you</Badge> : undefined}
        text={
          <>
            Since <Moment at={member.created_at} />
          </>
        }
      >
        <a class="button" href={`/console/audit-log?member=${encodeURIComponent(member.id)}`}>
          What they did
        </a>
      </Head>
      <Done done={done} texts={doneTexts} />
      <div class="stack">
        <section class="card">
          <h2>Person and role</h2>
          <Faults sheet={sheet} />
          <Form viewer={viewer} action={address}>
            <Fields sheet={sheet} member={member} />
            <p class="row gap">
              <button class="button primary" type="submit">
                Save
              </button>
            </p>
          </Form>
        </section>
        <section class="card">
          <h2>Key</h2>
          <p>
            Signs in with the key <code>{member.key.hint}</code>, made <Moment at={member.key.created_at} />. Lost, or
            seen by somebody? A new one is shown once.
            {own && " You are signed in with it: without a grace you sign in again with the new one."}
          </p>
          <Form viewer={viewer} action={`${address}/rotate`} class="gap" once>
            <div class="row">
              <GraceField />
              <button class="button" type="submit">
                Make a new key
              </button>
            </div>
          </Form>
        </section>
        <section class="card">
          <h2>Remove</h2>
          <p>The key is revoked with the member; what they did stays in the audit log, under their name.</p>
          <p class="row gap">
            <a class="button danger" href={`${address}/remove`}>
              Remove the member
            </a>
          </p>
        </section>
      </div>
    </Frame>
  );
}

/** How long an old key goes on beside the new one. */
export function GraceField(props: { sheet?: Sheet }) {
  return (
    <SelectField
      sheet={props.sheet ?? freshSheet}
      name="grace_seconds"
      label="The old key ends"
      options={[
        { value: "0", name: "at once" },
        { value: "3600", name: "in an hour" },
        { value: "86400", name: "in a day" },
      ]}
    />
  );
}

export function RemoveMemberPage({ viewer, member, sheet }: MemberProps) {
  const address = memberAddress(member.id);
  return (
    <ConfirmPage
      viewer={viewer}
      place={place}
      title="Remove a member"
      action={`${address}/remove`}
      verb="Remove"
      danger
      back={{ to: address, name: "Member" }}
      {...(sheet && { sheet })}
    >
      <p>
        <Text value={member.name} /> ({member.role}) can no longer sign in. The key <code>{member.key.hint}</code> is
        revoked at once, sessions end within seconds. To come back a member is added again, with another key.
      </p>
    </ConfirmPage>
  );
}
