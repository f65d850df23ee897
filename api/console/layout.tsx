/** The frame of the console's pages: where one is, where one can go, who one is. */
import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import { areas, homeShape, type Place } from "./navigation.ts";
import { maySee, type Viewer } from "./viewer.ts";

function Mark() {
  return (
    <svg viewBox="0 0 24 24" fill="currentColor" aria-hidden="true">
      <rect x="2" y="2" width="9" height="9" rx="2" />
      <rect x="13" y="2" width="9" height="9" rx="2" opacity=".45" />
      <rect x="2" y="13" width="9" height="9" rx="2" opacity=".45" />
      <rect x="13" y="13" width="9" height="9" rx="2" />
    </svg>
  );
}

const icon = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="#0f766e"><rect x="2" y="2" width="9" height="9" rx="2"/><rect x="13" y="2" width="9" height="9" rx="2" opacity=".45"/><rect x="2" y="13" width="9" height="9" rx="2" opacity=".45"/><rect x="13" y="13" width="9" height="9" rx="2"/></svg>',
)}`;

interface FrameProps {
  readonly title: string;
  readonly viewer: Viewer;
  readonly place: Place;
  /** The browser asks again by itself. */
  readonly refreshSeconds?: number | undefined;
  /** Files of `static/` beside the console's own, for comfort: the page works without. */
  readonly scripts?: readonly string[];
  /** What the keys do on this page, in the order in which they are explained. */
  readonly keys?: readonly (readonly [key: string, does: string])[];
  readonly children: Child;
}

export function Frame(props: FrameProps) {
  const { viewer, place } = props;
  return (
    <>
      {raw("<!doctype html>")}
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          {props.refreshSeconds !== undefined && <meta http-equiv="refresh" content={String(props.refreshSeconds)} />}
          {/* Without a referrer a browser sends forms with the origin "null", and we would refuse our own. */}
          <meta name="referrer" content="same-origin" />
          <title>{`${props.title} · Tessera`}</title>
          <link rel="icon" type="image/svg+xml" href={icon} />
          <link rel="stylesheet" href="/console/assets/console.css" />
          <script src="/console/assets/console.js" />
          {props.scripts?.map((name) => (
            <script src={`/console/assets/${name}`} defer />
          ))}
        </head>
        <body>
          <a class="skip" href="#content">
            Skip to the content
          </a>
          <header class="bar">
            <button type="button" class="button" popovertarget="menu">
              Menu
            </button>
            <Brand />
          </header>
          {/* Always there on a wide screen; on a narrow one the button opens it, without a script. */}
          <nav class="side" id="menu" popover="auto" aria-label="Console">
            <Brand />
            <ul>
              <Entry to="/console" name="Home" shape={homeShape} here={place === "home"} />
            </ul>
            {areas.map((area) => {
              const entries = area.entries.filter((entry) => maySee(viewer, entry.scopes));
              if (entries.length === 0) return null;
              return (
                <>
                  <h2>{area.name}</h2>
                  <ul>
                    {entries.map((entry) => (
                      <Entry to={entry.to} name={entry.name} shape={entry.shape} here={place === entry.place} />
                    ))}
                  </ul>
                </>
              );
            })}
            <h2>Elsewhere</h2>
            <ul>
              {viewer.scopes.includes("analytics") && <Entry to="/dashboards/" name="Dashboards" shape={chartShape} />}
              <Entry to="/docs" name="API reference" shape={bookShape} />
            </ul>
            <footer>
              <span class="who">
                <bdi>{viewer.projectName}</bdi>
                <br />
                signed in as <bdi>{viewer.keyName ?? viewer.keyId}</bdi>
              </span>
              {props.keys && (
                <button type="button" id="open-keys">
                  Keys <kbd>?</kbd>
                </button>
              )}
              <form method="post" action="/console/sign-out">
                <button type="submit">Sign out</button>
              </form>
            </footer>
          </nav>
          <main class="page" id="content" tabindex={-1}>
            <div class="inner">{props.children}</div>
          </main>
          {props.keys && <Keys keys={props.keys} />}
        </body>
      </html>
    </>
  );
}

function Brand() {
  return (
    <a class="brand" href="/console">
      <Mark />
      Tessera
    </a>
  );
}

const chartShape = "M4 20V10h4v10H4Zm6 0V4h4v16h-4Zm6 0v-7h4v7h-4Z";
const bookShape =
  "M5 3h12a2 2 0 0 1 2 2v16H7a3 3 0 0 1-3-3V4a1 1 0 0 1 1-1Zm2 13a2 2 0 0 0-1 .300V18a1 1 0 0 0 1 1h10v-3H7Z";

function Entry(props: { to: string; name: string; shape: string; here?: boolean }) {
  return (
    <li>
      <a href={props.to} aria-current={props.here ? "page" : undefined}>
        <svg viewBox="0 0 24 24" fill="currentColor" aria-hidden="true">
          <path d={props.shape} />
        </svg>
        {props.name}
      </a>
    </li>
  );
}

function Keys(props: { keys: readonly (readonly [string, string])[] }) {
  return (
    <dialog id="keys" aria-labelledby="keys-title">
      <h2 id="keys-title">Keys</h2>
      <dl>
        {props.keys.map(([key, does]) => (
          <>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </>
        ))}
      </dl>
      <form method="dialog">
        <button class="button" type="submit">
          Close
        </button>
      </form>
    </dialog>
  );
}

/** Goes into every form: readForm asks for it. */
export function Token(props: { viewer: Viewer }) {
  return <input type="hidden" name="token" value={props.viewer.formToken} />;
}

export function Notice(props: { tone: "good" | "warn" | "bad"; children: Child }) {
  return (
    <div class={`notice ${props.tone}`} role={props.tone === "bad" ? "alert" : "status"}>
      {props.children}
    </div>
  );
}
