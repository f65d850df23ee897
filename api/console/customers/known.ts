import type { ThreeSixtyWire } from "../../customers/three-sixty/schema.ts";

/** Without the warehouse only what Postgres knows is there. */
export type Known = Pick<ThreeSixtyWire, "profile" | "wallet"> & Partial<ThreeSixtyWire>;

/** A campaign to choose. */
export interface Choice {
  readonly id: string;
  readonly name: string;
}
