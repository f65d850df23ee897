/** Pools of third parties' codes: how many are left, and filling one. The codes themselves are money, and never shown. */
import type { Page } from "../../http/pagination.ts";
import type { AddedCodesWire, PoolWire } from "../../pools/schemas.ts";
import { count, Moment, plural, Text } from "../format.tsx";
import { Frame, Notice } from "../layout.tsx";
import { AttemptField } from "../parts/attempt.tsx";
import { Done } from "../parts/done.tsx";
import { AreaField, TextField } from "../parts/fields.tsx";
import { FileField } from "../parts/file-field.tsx";
import { Faults, Form } from "../parts/form.tsx";
import { Head } from "../parts/head.tsx";
import { freshSheet, type Sheet } from "../parts/sheet.ts";
import { Badge, Empty } from "../parts/states.tsx";
import { Pager, Table } from "../parts/table.tsx";
import type { Viewer } from "../viewer.ts";

const place = "pools";
const list = { to: "/console/pools", name: "Pools" };

const doneTexts = { created: "The pool was made. It is empty: upload its codes.", changed: "Saved." };

export const poolAddress = (id: string) => `/console/pools/${encodeURIComponent(id)}`;

function Stock({ pool }: { pool: PoolWire }) {
  if (pool.left === 0) return <Badge tone="bad">{pool.size === 0 ? "never filled" : "used up"}</Badge>;
  if (pool.low_stock !== null && pool.left <= pool.low_stock) return <Badge tone="warn">low stock</Badge>;
  return <Badge tone="good">in stock</Badge>;
}

interface ListProps {
  readonly viewer: Viewer;
  readonly page: Page<PoolWire>;
  readonly cursor: string | undefined;
}

export function PoolsPage({ viewer, page, cursor }: ListProps) {
  return (
    <Frame title="Pools" viewer={viewer} place={place}>
      <Head
        title="Pools"
        text="Codes of other companies, handed out as rewards: cinema tickets, shop cards, downloads."
      >
        <a class="button primary" href="/console/pools/new">
          New pool
        </a>
      </Head>
      <section class="card">
        <Table
          caption="Pools"
          rows={page.data}
          empty={
            <Empty
              title="No pools yet"
              text="A pool holds codes that you bought elsewhere; a campaign's reward hands them out."
            >
              <a class="button primary" href="/console/pools/new">
                New pool
              </a>
            </Empty>
          }
          columns={[
            {
              name: "Pool",
              main: true,
              cell: (pool) => (
                <a href={poolAddress(pool.id)}>
                  <Text value={pool.name} />
                </a>
              ),
            },
            { name: "Stock", cell: (pool) => <Stock pool={pool} /> },
            { name: "Left", right: true, cell: (pool) => count(pool.left) },
            { name: "Of", right: true, cell: (pool) => count(pool.size) },
            {
              name: "Low from",
              right: true,
              cell: ({ low_stock }) => (low_stock === null ? "–" : count(low_stock)),
            },
            { name: "Made", cell: (pool) => <Moment at={pool.created_at} /> },
          ]}
        />
        <Pager path={list.to} query={{}} cursor={cursor} next={page.next_cursor} />
      </section>
    </Frame>
  );
}

function Fields(props: { sheet: Sheet; pool?: PoolWire }) {
  const { sheet, pool } = props;
  return (
    <div class="fields">
      <TextField sheet={sheet} name="name" label="Name" value={pool?.name} maxlength={200} required />
      <TextField
        sheet={sheet}
        name="low_stock"
        label="Low from"
        inputmode="numeric"
        value={pool?.low_stock?.toString()}
        unit="codes left"
        hint="The event pool.low_stock comes once, when no more than so many are left. Empty: never."
      />
    </div>
  );
}

export function NewPoolPage({ viewer, sheet = freshSheet }: { viewer: Viewer; sheet?: Sheet }) {
  return (
    <Frame title="New pool" viewer={viewer} place={place}>
      <Head up={list} title="New pool" />
      <section class="card">
        <Faults sheet={sheet} />
        <Form viewer={viewer} action={list.to}>
          <AttemptField />
          <Fields sheet={sheet} />
          <p class="row gap">
            <button class="button primary" type="submit">
              Make the pool
            </button>
          </p>
        </Form>
      </section>
    </Frame>
  );
}

interface PoolProps {
  readonly viewer: Viewer;
  readonly pool: PoolWire;
  readonly done?: string | undefined;
  readonly sheet?: Sheet;
  readonly uploadSheet?: Sheet;
  /** What became of the file that was just sent. */
  readonly uploaded?: AddedCodesWire;
}

export function PoolPage({ viewer, pool, done, sheet = freshSheet, uploadSheet = freshSheet, uploaded }: PoolProps) {
  const address = poolAddress(pool.id);
  return (
    <Frame title={pool.name} viewer={viewer} place={place}>
      <Head up={list} title={<Text value={pool.name} />} beside={<Stock pool={pool} />} />
      <Done done={done} texts={doneTexts} />
      {uploaded && <Uploaded result={uploaded} />}
      <div class="stack">
        <div class="tiles">
          <Tile name="Left" value={count(pool.left)} />
          <Tile name="Handed out" value={count(pool.size - pool.left)} />
          <Tile name="Ever uploaded" value={count(pool.size)} />
          <Tile name="Low from" value={pool.low_stock === null ? "–" : count(pool.low_stock)} />
        </div>
        <section class="card">
          <h2>Add codes</h2>
          <Faults sheet={uploadSheet} />
          <Form viewer={viewer} action={`${address}/codes`} enctype="multipart/form-data">
            <div class="fields">
              <FileField
                sheet={uploadSheet}
                name="file"
                label="A file"
                accept=".csv,.ndjson,.jsonl,text/csv"
                hint="CSV with the first line code, or NDJSON with the field code; up to 16 MiB here, 512 MiB over the API."
              />
              <AreaField sheet={uploadSheet} name="codes" label="Or the codes themselves, one on a line" rows={4} />
            </div>
            <p class="muted small">Codes that the pool has already are skipped: a file may be sent again.</p>
            <p class="row gap">
              <button class="button primary" type="submit">
                Add the codes
              </button>
            </p>
          </Form>
        </section>
        <section class="card">
          <h2>Name and mark</h2>
          <Faults sheet={sheet} />
          <Form viewer={viewer} action={address}>
            <Fields sheet={sheet} pool={pool} />
            <p class="row gap">
              <button class="button" type="submit">
                Save
              </button>
            </p>
          </Form>
          <p class="muted small">
            Its id is <code>{pool.id}</code>: a reward of a campaign names it.
          </p>
        </section>
      </div>
    </Frame>
  );
}

function Tile(props: { name: string; value: string }) {
  return (
    <div class="tile">
      <span class="label">{props.name}</span>
      <div class="value">{props.value}</div>
    </div>
  );
}

const faultsShown = 20;

function Uploaded({ result }: { result: AddedCodesWire }) {
  const { added, duplicates, failed, errors } = result;
  return (
    <Notice tone={failed > 0 ? "warn" : "good"}>
      <div>
        <strong>{`${plural(added, "code")} added.`}</strong>{" "}
        {duplicates > 0 && `${plural(duplicates, "code was", "codes were")} there already. `}
        {failed > 0 && `${plural(failed, "row")} could not be read:`}
        {failed > 0 && (
          <ul class="faults">
            {errors.slice(0, faultsShown).map(({ line, reason }) => (
              <li>
                {`line ${line}: `}
                <Text value={reason} />
              </li>
            ))}
            {failed > faultsShown && <li>{`and ${count(failed - faultsShown)} more`}</li>}
          </ul>
        )}
      </div>
    </Notice>
  );
}
