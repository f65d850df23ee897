/**
 * Where one can go, by area. Whoever builds a page adds its entry here, and the page names it as its `place`; an entry is
 * shown to the keys whose scopes open the page, and an area without entries to nobody.
 */
import type { Scope } from "../http/environment.ts";

interface Entry {
  readonly place: string;
  readonly name: string;
  readonly to: string;
  /** One of them is enough, as with `requireScope` of the page. */
  readonly scopes: readonly Scope[];
  /** A path of a symbol of 24 by 24. */
  readonly shape: string;
}

interface Area {
  readonly name: string;
  readonly entries: readonly Entry[];
}

export const homeShape = "M4 11 12 4l8 7v9h-5v-6H9v6H4v-9Z";

/** In this order: Promotions, Customers, Distribution, Checkout, Fraud, Administration. */
export const areas = [
  {
    name: "Fraud",
    entries: [
      {
        place: "reviews",
        name: "Reviews",
        to: "/console/reviews",
        scopes: ["review"],
        shape:
          "M12 2 4 5v6c0 5 3.4 9.3 8 11 4.600-1.700 8-6 8-11V5l-8-3Zm-1.200 14.200L7 12.400 8.400 11l2.400 2.400L15.600 8.600 17 10l-6.200 6.200Z",
      },
      {
        place: "clusters",
        name: "Linked accounts",
        to: "/console/clusters",
        scopes: ["review"],
        shape:
          "M6 3a3 3 0 0 0-1 5.800v6.400A3 3 0 1 0 8.800 19h6.400A3 3 0 1 0 19 15.200V8.800A3 3 0 1 0 15.200 5H8.800A3 3 0 0 0 6 3Zm2.800 4h6.400c.300.800 1 1.500 1.800 1.800v6.400c-.800.300-1.500 1-1.800 1.800H8.800A3 3 0 0 0 7 15.200V8.800A3 3 0 0 0 8.800 7Z",
      },
      {
        place: "metrics",
        name: "How we decide",
        to: "/console/reviews/metrics",
        scopes: ["review"],
        shape: "M3 21V3h2v16h16v2H3Zm4-4v-6h3v6H7Zm5 0V7h3v10h-3Zm5 0v-4h3v4h-3Z",
      },
    ],
  },
] as const satisfies readonly Area[];

/** Which entry a page belongs to. */
export type Place = "home" | (typeof areas)[number]["entries"][number]["place"];
