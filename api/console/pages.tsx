/** The console's own pages: where it begins, and what went wrong. */
import type { ReviewCounts } from "../reviews/count.ts";
import { Page } from "../sessions/shell.tsx";
import { count } from "./format.tsx";
import { Frame } from "./layout.tsx";
import type { Viewer } from "./viewer.ts";

export function HomePage(props: { viewer: Viewer; counts: ReviewCounts | undefined }) {
  const { viewer, counts } = props;
  return (
    <Frame title="Console" viewer={viewer} place="home">
      <div class="head">
        <div>
          <h1>
            <bdi>{viewer.projectName}</bdi>
          </h1>
          <p>What waits for a person, and where to look.</p>
        </div>
      </div>
      <div class="tiles">
        {counts && (
          <>
            <Tile to="/console/reviews" name="Open reviews" value={count(counts.open)} />
            <Tile to="/console/reviews?status=held" name="Held" value={count(counts.held)} />
            <Tile to="/console/reviews?status=all&overdue=true" name="Overdue" value={count(counts.overdue)} />
            <Tile to="/console/reviews?status=all&assigned_to=me" name="Mine" value={count(counts.mine)} />
          </>
        )}
      </div>
      <div class="pair">
        {counts && (
          <Card
            to="/console/clusters"
            name="Linked accounts"
            text="Accounts that share cards, devices, addresses and IPs."
          />
        )}
        {counts && (
          <Card to="/console/reviews/metrics" name="How we decide" text="Precision, yield and speed of reviewers." />
        )}
        {viewer.scopes.includes("analytics") && (
          <Card to="/dashboards/" name="Dashboards" text="Campaigns, customers, rejections, codes, data health." />
        )}
        <Card to="/docs" name="API reference" text="Every route, tried out from the page." />
      </div>
    </Frame>
  );
}

function Tile(props: { to: string; name: string; value: string }) {
  return (
    <a class="tile" href={props.to}>
      <span class="label">{props.name}</span>
      <div class="value">{props.value}</div>
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

/** @param viewer unknown where it went wrong before anybody was recognised. */
export function FaultPage(props: { viewer: Viewer | undefined; title: string; detail: string }) {
  const { viewer, title, detail } = props;
  if (!viewer) {
    return (
      <Page title={title}>
        <h1>{title}</h1>
        <p>{detail}</p>
        <p>
          <a href="/console">To the console</a>
        </p>
      </Page>
    );
  }
  return (
    <Frame title={title} viewer={viewer} place="home">
      <div class="head">
        <div>
          <h1>{title}</h1>
          <p>{detail}</p>
        </div>
      </div>
      <p class="row">
        <a class="button" href="/console">
          To the console
        </a>
      </p>
    </Frame>
  );
}
