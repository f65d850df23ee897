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
    name: "Promotions",
    entries: [
      {
        place: "campaigns",
        name: "Campaigns",
        to: "/console/campaigns",
        scopes: ["manage", "analytics"],
        shape:
          "M4 10v4h3l7 5V5L7 10H4Zm12-1.500v7a4 4 0 0 0 0-7ZM16 4v2a6.500 6.500 0 0 1 0 12v2a8.500 8.500 0 0 0 0-16Z",
      },
      {
        place: "vouchers",
        name: "Vouchers",
        to: "/console/vouchers",
        scopes: ["manage"],
        shape: "M3 6h18v4a2 2 0 0 0 0 4v4H3v-4a2 2 0 0 0 0-4V6Zm6 2v2h2V8H9Zm0 3v2h2v-2H9Zm0 3v2h2v-2H9Z",
      },
    ],
  },
  {
    name: "Customers",
    entries: [
      {
        place: "customers",
        name: "Customers",
        to: "/console/customers",
        scopes: ["manage", "analytics"],
        shape: "M12 12a5 5 0 1 0 0-10 5 5 0 0 0 0 10Zm-9 10c0-5 4-8 9-8s9 3 9 8H3Z",
      },
    ],
  },
  {
    name: "Distribution",
    entries: [
      {
        place: "segments",
        name: "Segments",
        to: "/console/segments",
        scopes: ["manage", "analytics"],
        shape: "M11 3a9 9 0 1 0 9 9h-9V3Zm2-1v8h8a8 8 0 0 0-8-8Z",
      },
      {
        place: "publications",
        name: "Publications",
        to: "/console/publications",
        scopes: ["manage"],
        shape: "M2 21 23 12 2 3v7l13 2-13 2v7Z",
      },
      {
        place: "workflows",
        name: "Workflows",
        to: "/console/workflows",
        scopes: ["manage", "analytics"],
        shape: "M3 3h8v6H8v3h8V9h5v8h-5v-3H8v3h3v4H3v-4h3V9H3V3Z",
      },
      {
        place: "channels",
        name: "Channels",
        to: "/console/channels",
        scopes: ["manage"],
        shape:
          "M12 10a2 2 0 1 0 0 4 2 2 0 0 0 0-4ZM5 5a10 10 0 0 0 0 14l1.500-1.500a8 8 0 0 1 0-11L5 5Zm14 0-1.500 1.500a8 8 0 0 1 0 11L19 19a10 10 0 0 0 0-14ZM8 8a6 6 0 0 0 0 8l1.500-1.500a4 4 0 0 1 0-5L8 8Zm8 0-1.500 1.500a4 4 0 0 1 0 5L16 16a6 6 0 0 0 0-8Z",
      },
      {
        place: "templates",
        name: "Templates",
        to: "/console/templates",
        scopes: ["manage"],
        shape: "M5 2h9l5 5v15H5V2Zm2 2v16h10V9h-5V4H7Zm2 8h6v2H9v-2Zm0 4h6v2H9v-2Z",
      },
      {
        place: "deliveries",
        name: "Deliveries",
        to: "/console/deliveries",
        scopes: ["manage"],
        shape: "M2 5h20v14H2V5Zm2.500 2L12 12.500 19.500 7h-15ZM4 9v8h16V9l-8 6-8-6Z",
      },
      {
        place: "event-subscriptions",
        name: "Event subscriptions",
        to: "/console/event-subscriptions",
        scopes: ["manage"],
        shape:
          "M12 2a7 7 0 0 0-7 7v5l-2 3v1h18v-1l-2-3V9a7 7 0 0 0-7-7Zm-5 14V9a5 5 0 0 1 10 0v7H7Zm2 3a3 3 0 0 0 6 0H9Z",
      },
      {
        place: "list-exports",
        name: "List exports",
        to: "/console/list-exports",
        scopes: ["manage"],
        shape: "M4 4h12v2H4V4Zm0 5h12v2H4V9Zm0 5h7v2H4v-2Zm12 0h2v4h2.500L17 21.500 13.500 18H16v-4Z",
      },
      {
        place: "pools",
        name: "Pools",
        to: "/console/pools",
        scopes: ["manage"],
        shape: "M3 4h18v5H3V4Zm1 7h16v9H4v-9Zm5 2v2h6v-2H9Z",
      },
    ],
  },
  {
    name: "Checkout",
    entries: [
      {
        place: "redeem",
        name: "Redeem",
        to: "/console/redeem",
        scopes: ["checkout"],
        shape:
          "M3 3h6v2H5v4H3V3Zm12 0h6v6h-2V5h-4V3ZM3 15h2v4h4v2H3v-6Zm16 0h2v6h-6v-2h4v-4ZM7 7h2v10H7V7Zm4 0h1v10h-1V7Zm3 0h3v10h-3V7Z",
      },
    ],
  },
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
  {
    name: "Administration",
    entries: [
      {
        place: "members",
        name: "Members",
        to: "/console/members",
        scopes: ["admin"],
        shape:
          "M9 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm-7 9c0-4 3-7 7-7s7 3 7 7H2Zm15-9a3.500 3.500 0 1 0-1.500-6.700 6 6 0 0 1 0 5.400c.500.800 1 1.300 1.500 1.300Zm1 9h4c0-3.500-2-6-5-6.500 1 1.800 1 4 1 6.500Z",
      },
      {
        place: "keys",
        name: "API keys",
        to: "/console/keys",
        scopes: ["admin"],
        shape: "M7 8a5 5 0 0 1 4.600 3H22v4h-2v3h-4v-3h-4.400A5 5 0 1 1 7 8Zm0 3a2 2 0 1 0 0 4 2 2 0 0 0 0-4Z",
      },
      {
        place: "audit-log",
        name: "Audit log",
        to: "/console/audit-log",
        scopes: ["manage", "admin"],
        shape: "M6 2h9l5 5v15H6V2Zm8 1.500V8h4.500L14 3.500ZM9 11v2h8v-2H9Zm0 4v2h8v-2H9Z",
      },
    ],
  },
] as const satisfies readonly Area[];

/** Which entry a page belongs to. */
export type Place = "home" | (typeof areas)[number]["entries"][number]["place"];
