import { describe, expect, it } from "vitest";
import { askedFrom, askedOf, fromOf, parseAsked, queueAddress } from "../../../api/console/reviews/queue-query.ts";

describe("the address of the queue", () => {
  it("asks for what is open unless told, and for every state when told", () => {
    expect(parseAsked({})).toMatchObject({ status: "open", sort: "priority", limit: 25 });
    expect(parseAsked({ status: "all" }).status).toBeUndefined();
    expect(parseAsked(askedOf({ status: "held", campaign_id: "", min_score: "0.5", done: "dismiss" }))).toMatchObject({
      status: "held",
      min_score: 0.5,
    });
    expect(() => parseAsked({ status: "gone" })).toThrow(/status/);
    expect(() => parseAsked({ limit: "1000" })).toThrow(/limit/);
  });

  it("comes back from a review as it was, and brings nothing else along", () => {
    const asked = { status: "held", sort: "age", campaign_id: "cam_1" } as const;
    expect(askedFrom(fromOf(asked))).toEqual(asked);
    expect(askedFrom("status=held&next=https://evil.example&done=x")).toEqual({ status: "held" });
    expect(queueAddress(askedFrom("a=//evil.example"))).toBe("/console/reviews");
    expect(() => askedFrom(`customer=${"x".repeat(2_000)}`)).toThrow(/too long/);
  });

  it("begins anew when what is asked changes", () => {
    expect(queueAddress({ status: "open", cursor: "abc" }, { sort: "age" })).toBe(
      "/console/reviews?status=open&sort=age",
    );
    expect(queueAddress({ status: "open" }, { cursor: "abc" })).toBe("/console/reviews?status=open&cursor=abc");
  });
});
