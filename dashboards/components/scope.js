/**
 * What the page looks at: days, currency and what a link has narrowed it to. It lives in the page's address, so that
 * what one sees can be sent to another; days and currency also stay when one moves on to another page.
 */

import { derived, writable } from "svelte/store";
import { replaceState } from "$app/navigation";
import { base } from "$app/paths";

const names = ["days", "from", "to", "currency", "campaign", "segment", "reason"];
const staying = ["days", "from", "to", "currency"];
const memory = "tessera-scope";
/** A campaign is looked at whole unless one asks for less. */
const wholeLife = /\/campaigns\/[^/]+\/?$/;

/** @type {import("svelte/store").Writable<{ path: string, filters: Record<string, string> }>} */
const place = writable({ path: "", filters: {} });

let seen;

/** The layout tells of every address the router has come to; changes of filters alone do not pass the router. */
export function arriveAt(url) {
  if (url.href === seen) return;
  seen = url.href;
  const given = Object.fromEntries(
    names.flatMap((name) => {
      const value = url.searchParams.get(name);
      return value ? [[name, value]] : [];
    }),
  );
  const asksForDays = given.days || given.from || given.to;
  const stayed = recall();
  const kept = asksForDays ? { currency: stayed.currency } : stayed;
  place.set({ path: url.pathname, filters: present({ ...kept, ...given }) });
}

/** Changes some filters; an empty value takes one away. */
export function setFilters(changes) {
  place.update(({ path, filters }) => {
    const next = present({ ...filters, ...changes });
    remember(next);
    const search = new URLSearchParams(next).toString();
    replaceState(search ? `?${search}` : path, {});
    return { path, filters: next };
  });
}

export const filters = derived(place, ($place) => ({
  ...$place.filters,
  days:
    $place.filters.days ?? ($place.filters.from || $place.filters.to ? "" : wholeLife.test($place.path) ? "all" : "28"),
}));

/** As the parameters of a query: `days := '28', currency := 'EUR'`. Never empty. */
export const scope = derived(filters, ($filters) =>
  names.map((name) => `${name} := '${($filters[name] ?? "").replaceAll("'", "''")}'`).join(", "),
);

/** What the API makes of it: the days from and to, the currency, and which others there are. */
export const resolved = derived(
  filters,
  ($filters, set) => {
    if (typeof window === "undefined") return;
    let current = true;
    fetch(`${base}/api/scope?${new URLSearchParams(present($filters))}`)
      .then(async (response) => {
        const answer = await response.json();
        if (current) set(response.ok ? answer : { fault: answer.errors?.[0]?.detail ?? answer.detail });
      })
      .catch(() => undefined);
    return () => {
      current = false;
    };
  },
  undefined,
);

/** An address of these dashboards. */
export function address(path, query = {}) {
  const search = new URLSearchParams(present(query)).toString();
  return `${base}${path}${search ? `?${search}` : ""}`;
}

function present(values) {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value));
}

function remember(values) {
  const kept = Object.fromEntries(staying.map((name) => [name, values[name]]));
  try {
    sessionStorage.setItem(memory, JSON.stringify(present(kept)));
  } catch {
    // Without storage the choice is forgotten with the page, which harms nobody.
  }
}

function recall() {
  try {
    return JSON.parse(sessionStorage.getItem(memory) ?? "{}");
  } catch {
    return {};
  }
}
