import { Page } from "../sessions/shell.tsx";
import type { Phase, Status } from "./status.ts";

const refreshSeconds = 3;
const phaseTexts: Readonly<Record<Phase, string>> = {
  install: "Installing what the pages are built with",
  build: "Building the pages",
  pack: "Compressing files",
};

/** What stands at /dashboards/ until there is a build to serve. */
export function WaitingPage(props: { status: Status | undefined; now: number }) {
  const { status } = props;
  if (status?.state === "off") return <OffPage />;
  if (status?.state === "failed") return <FailedPage error={status.error} />;
  return <BuildingPage status={status?.state === "working" ? status : undefined} now={props.now} />;
}

function BuildingPage(props: { status: Extract<Status, { state: "working" }> | undefined; now: number }) {
  const { status } = props;
  const elapsed = status ? Math.max(0, (props.now - Date.parse(status.started_at)) / 1_000) : 0;
  const left = status ? Math.max(0, status.expected_seconds - elapsed) : undefined;
  return (
    <Page title="Building dashboards" refreshSeconds={refreshSeconds}>
      <h1>The dashboards are being built</h1>
      <p>This happens once, and again when their pages change. Everything else works meanwhile.</p>
      <progress value={status ? Math.min(elapsed / status.expected_seconds, 0.98) : undefined} max={1} />
      <p>
        {status ? phaseTexts[status.phase] : "Waiting for the build to begin"}
        {left !== undefined && `, ${left < 20 ? "almost done" : `about ${Math.ceil(left / 30) / 2} minutes left`}`}.
      </p>
      <p class="hint">This page looks again by itself.</p>
    </Page>
  );
}

function FailedPage(props: { error: string }) {
  return (
    <Page title="Dashboards could not be built">
      <h1>The dashboards could not be built</h1>
      <p>The API works without them. The build is tried again at the next start.</p>
      <pre>{props.error}</pre>
    </Page>
  );
}

function OffPage() {
  return (
    <Page title="Dashboards are off">
      <h1>Dashboards are off</h1>
      <p>
        This instance was started with <code>TESSERA_DASHBOARDS=off</code>. Start it without, and they are built once in
        the background.
      </p>
    </Page>
  );
}
