/** Every page of the console, and where each is found in a project that is full. */
import type { createApp } from "../../api/app.ts";

/** Each GET route, and an address of it. A page that is not here has no test: add it. */
const places: Readonly<Record<string, string>> = {
  "/console": "",
  "/console/audit-log": "",
  "/console/audit-log/:id": "{entry}",
  "/console/campaigns": "",
  "/console/campaigns/:id": "{main}",
  "/console/campaigns/:id/activate": "{sub}",
  "/console/campaigns/:id/archive": "{sub}",
  "/console/campaigns/:id/edit": "{sub}",
  "/console/campaigns/:id/new": "{main}",
  "/console/campaigns/:id/pause": "{sub}",
  "/console/campaigns/:id/try": "{sub}",
  "/console/campaigns/new": "",
  "/console/channels": "",
  "/console/channels/:id": "{channel}",
  "/console/channels/:id/delete": "{channel}",
  "/console/channels/:id/edit": "{channel}",
  "/console/channels/new": "",
  "/console/clusters": "",
  "/console/clusters/:id": "{cluster}",
  "/console/customers": "",
  "/console/customers/of/:identifier": "{customer}",
  "/console/customers/of/:identifier/erase": "{customer}",
  "/console/deliveries": "",
  "/console/deliveries/:id": "{delivery}",
  "/console/event-subscriptions": "",
  "/console/event-subscriptions/:id": "{subscription}",
  "/console/event-subscriptions/:id/delete": "{subscription}",
  "/console/event-subscriptions/:id/edit": "{subscription}",
  "/console/event-subscriptions/:id/rotate": "{subscription}",
  "/console/event-subscriptions/new": "",
  "/console/keys": "",
  "/console/keys/:id/revoke": "{key}",
  "/console/keys/:id/rotate": "{key}",
  "/console/keys/new": "",
  "/console/list-exports": "",
  "/console/list-exports/new": "",
  "/console/members": "",
  "/console/members/:id": "{member}",
  "/console/members/:id/remove": "{member}",
  "/console/members/new": "",
  "/console/pools": "",
  "/console/pools/:id": "{pool}",
  "/console/pools/new": "",
  "/console/publications": "",
  "/console/publications/:id": "{job}",
  "/console/publications/:id/cancel": "{job}",
  "/console/publications/new": "",
  "/console/redeem": "",
  "/console/redemptions": "",
  "/console/redemptions/:id": "{redemption}",
  "/console/reviews": "",
  "/console/reviews/:id": "{review}",
  "/console/reviews/metrics": "",
  "/console/segments": "",
  "/console/segments/:id": "{segment}",
  "/console/segments/:id/delete": "{segment}",
  "/console/segments/:id/rules": "{rules}",
  "/console/segments/new": "",
  "/console/segments/new-by-rules": "",
  "/console/suppressions": "",
  "/console/templates": "",
  "/console/templates/:id": "{template}",
  "/console/templates/:id/delete": "{template}",
  "/console/templates/:id/edit": "{template}",
  "/console/templates/new": "",
  "/console/vouchers": "",
  "/console/vouchers/batches": "",
  "/console/vouchers/batches/:id": "{batch}",
  "/console/vouchers/batches/new": "",
  "/console/vouchers/code/:code": "MINE",
  "/console/vouchers/import": "",
  "/console/vouchers/imports/:id": "{import}",
  "/console/vouchers/new": "",
  "/console/workflows": "",
  "/console/workflows/:id": "{workflow}",
  "/console/workflows/:id/activate": "{workflow}",
  "/console/workflows/:id/archive": "{workflow}",
  "/console/workflows/:id/edit": "{workflow}",
  "/console/workflows/new": "",
  "/console/workflows/runs/:id": "{run}",
  "/console/workflows/settings": "",
};

/** Files, ways on, and pages of what only a decision makes, which its own test opens. */
const elsewhere = [
  /^\/console\/$|\*/,
  /\/assets\/|\.(csv|pdf)$|\/file$|\/sign-/,
  /^\/console\/vouchers\/code$/,
  /claw-back/,
  /^\/console\/event-subscriptions\/:id\/deliveries\//,
  /^\/console\/workflows\/:id\/pause$/,
];

type App = ReturnType<typeof createApp>;
/** Of what the places name, as `fillProject` answers. */
type Ids = Readonly<Record<string, string>>;

/** Each page's route with its address; undefined where the table has none. */
export function consolePages(app: App, ids: Ids): Map<string, string | undefined> {
  const paths = routesOf(app, "GET").filter((path) => !elsewhere.some((no) => no.test(path)));
  return new Map(paths.map((path) => [path, addressOf(path, places[path], ids)]));
}

/** Where the forms of these pages are sent to. */
export function consoleActions(app: App, ids: Ids): string[] {
  const pages = Object.keys(places).filter((path) => path.includes(":"));
  return routesOf(app, "POST")
    .filter((path) => !/\*|\/sign-|claw-back/.test(path))
    .map((path) => {
      const place = places[path] ?? places[pages.find((page) => path.startsWith(page)) ?? ""];
      return addressOf(path, place, ids) ?? path.replace(/:\w+/, "nothing");
    });
}

function routesOf(app: App, method: string): string[] {
  const routes = app.routes.filter((route) => route.method === method && route.path.startsWith("/console"));
  return [...new Set(routes.map(({ path }) => path))];
}

function addressOf(path: string, place: string | undefined, ids: Ids): string | undefined {
  const id = place?.replace(/\{(\w+)\}/, (_, name: string) => ids[name] ?? "nothing");
  return id === undefined ? undefined : path.replace(/:\w+/, () => id);
}
