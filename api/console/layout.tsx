/** The frame of the console's pages: where one is, where one can go, who one is. */
import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import type { Viewer } from "./viewer.ts";

type Place = "home" | "reviews" | "metrics" | "clusters";

const shapes: Readonly<Record<Place, string>> = {
  home: "M4 11 12 4l8 7v9h-5v-6H9v6H4v-9Z",
  reviews:
    "M12 2 4 5v6c0 5 3.4 9.3 8 11 4.600-1.700 8-6 8-11V5l-8-3Zm-1.200 14.200L7 12.400 8.400 11l2.400 2.400L15.600 8.600 17 10l-6.200 6.200Z",
  clusters:
    "M6 3a3 3 0 0 0-1 5.800v6.400A3 3 0 1 0 8.800 19h6.400A3 3 0 1 0 19 15.200V8.800A3 3 0 1 0 15.200 5H8.800A3 3 0 0 0 6 3Zm2.800 4h6.400c.300.800 1 1.500 1.800 1.800v6.400c-.800.300-1.500 1-1.800 1.800H8.800A3 3 0 0 0 7 15.200V8.800A3 3 0 0 0 8.800 7Z",
  metrics: "M3 21V3h2v16h16v2H3Zm4-4v-6h3v6H7Zm5 0V7h3v10h-3Zm5 0v-4h3v4h-3Z",
};

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
  /** What the keys do on this page, in the order in which they are explained. */
  readonly keys?: readonly (readonly [key: string, does: string])[];
  readonly children: Child;
}

export function Frame(props: FrameProps) {
  const { viewer, place } = props;
  const mayReview = viewer.scopes.includes("review");
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
        </head>
        <body>
          <a class="skip" href="#content">
            Skip to the content
          </a>
          <nav class="side" aria-label="Console">
            <a class="brand" href="/console">
              <Mark />
              Tessera
            </a>
            <h2>Fraud</h2>
            <ul>
              {mayReview && <Entry to="/console/reviews" place="reviews" current={place} name="Reviews" />}
              {mayReview && <Entry to="/console/clusters" place="clusters" current={place} name="Linked accounts" />}
              {mayReview && (
                <Entry to="/console/reviews/metrics" place="metrics" current={place} name="How we decide" />
              )}
              {!mayReview && <Entry to="/console" place="home" current={place} name="Home" />}
            </ul>
            <h2>Elsewhere</h2>
            <ul>
              {viewer.scopes.includes("analytics") && (
                <li>
                  <a href="/dashboards/">Dashboards</a>
                </li>
              )}
              <li>
                <a href="/docs">API reference</a>
              </li>
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

function Entry(props: { to: string; place: Place; current: Place; name: string }) {
  return (
    <li>
      <a href={props.to} aria-current={props.place === props.current ? "page" : undefined}>
        <svg viewBox="0 0 24 24" fill="currentColor" aria-hidden="true">
          <path d={shapes[props.place]} />
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
