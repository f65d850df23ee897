/** What the console shows when something went wrong. */
import { Page } from "../sessions/shell.tsx";
import { Frame } from "./layout.tsx";
import type { Viewer } from "./viewer.ts";

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
