/** The frame of the few pages that the API draws itself: no script, no outside file, light and dark. */
import { raw } from "hono/html";
import type { Child } from "hono/jsx";

const style = `
:root { color-scheme: light dark; --ink:#16202e; --muted:#5b6675; --line:#dfe4ea; --paper:#fff; --ground:#f4f6f8; --tile:#0f766e; --tile-ink:#fff; --bad:#b42318; --bad-ground:#fef3f2 }
@media (prefers-color-scheme: dark) { :root { --ink:#e8edf2; --muted:#9aa7b5; --line:#2b3541; --paper:#161d26; --ground:#0e141b; --tile:#2dd4bf; --tile-ink:#06231f; --bad:#fda29b; --bad-ground:#2c1614 } }
* { box-sizing: border-box }
body { margin:0; min-height:100vh; display:grid; place-items:center; padding:1.5rem; background:var(--ground); color:var(--ink); font:16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif }
main { width:100%; max-width:26rem; background:var(--paper); border:1px solid var(--line); border-radius:14px; padding:2rem }
.brand { display:flex; align-items:center; gap:.6rem; font-weight:650; letter-spacing:.01em; margin-bottom:1.5rem; color:var(--ink) }
.brand svg { width:1.6rem; height:1.6rem; color:var(--tile) }
h1 { font-size:1.35rem; line-height:1.25; margin:0 0 .4rem }
p { margin:0 0 1rem; color:var(--muted) }
p:last-child { margin-bottom:0 }
label { display:block; font-weight:550; margin:1.25rem 0 .35rem }
input { width:100%; font:inherit; padding:.6rem .75rem; border-radius:8px; border:1px solid var(--line); background:var(--ground); color:var(--ink) }
input:focus-visible, button:focus-visible { outline:2px solid var(--tile); outline-offset:2px }
button { width:100%; margin-top:1rem; padding:.65rem; font:inherit; font-weight:600; color:var(--tile-ink); background:var(--tile); border:0; border-radius:8px; cursor:pointer }
button:hover { filter:brightness(1.08) }
.fault { color:var(--bad); background:var(--bad-ground); border-radius:8px; padding:.6rem .75rem; margin:1rem 0 0 }
.hint { font-size:.875rem; margin-top:1.25rem }
progress { width:100%; height:.6rem; accent-color:var(--tile); margin:.25rem 0 1rem }
code { font-size:.9em; background:var(--ground); border:1px solid var(--line); border-radius:5px; padding:.05rem .3rem }
pre { overflow:auto; font-size:.8rem; background:var(--ground); border:1px solid var(--line); border-radius:8px; padding:.75rem; margin:0 0 1rem; white-space:pre-wrap }
`;

/** In the page itself: browsers would ask for /favicon.ico otherwise. */
const icon = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="#0f766e"><rect x="2" y="2" width="9" height="9" rx="2"/><rect x="13" y="2" width="9" height="9" rx="2" opacity=".45"/><rect x="2" y="13" width="9" height="9" rx="2" opacity=".45"/><rect x="13" y="13" width="9" height="9" rx="2"/></svg>',
)}`;

function Mark() {
  return (
    <svg viewBox="0 0 24 24" fill="currentColor" aria-hidden="true">
      <rect x="2" y="2" width="9" height="9" rx="2" />
      <rect x="13" y="2" width="9" height="9" rx="2" opacity=".45" />
      <rect x="2" y="13" width="9" height="9" rx="2" opacity=".45" />
      <path d="M15 13h5a2 2 0 0 1 2 2v5a2 2 0 0 1-2 2h-5a2 2 0 0 1-2-2 2.5 2.5 0 0 0 0-5 2 2 0 0 1 2-2z" />
    </svg>
  );
}

/** `refreshSeconds`: the browser asks again by itself. */
export function Page(props: { title: string; refreshSeconds?: number; children: Child }) {
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
          <link rel="icon" type="image/svg+xml" href={icon} />
          <title>{`${props.title} · Tessera`}</title>
          <style dangerouslySetInnerHTML={{ __html: style }} />
        </head>
        <body>
          <main>
            <div class="brand">
              <Mark />
              Tessera
            </div>
            {props.children}
          </main>
        </body>
      </html>
    </>
  );
}
