import { describe, expect, it } from "vitest";
import { mentions, type Person, scrubJson, scrubText } from "../../../api/erasures/person.ts";

const ada: Person = { identifier: "customer-1", texts: ["ada@home.example", "Ada Lovelace"] };
const seven: Person = { identifier: "7", texts: [] };
const scrubbed = (value: unknown, person = ada) => JSON.parse(scrubJson(JSON.stringify(value), person, "erased_x"));

describe("a document without the person", () => {
  it("names the pseudonym where it named the customer, and nothing of what was said of them", () => {
    const event = {
      customer: "customer-1",
      profile: { identifier: "customer-1", name: "Ada", attributes: { city: "London" }, tags: { tier: ["gold"] } },
      order: {
        id: "o-1",
        total_amount: 990,
        device: { ip: "203.0.113.7" },
        location: { lat: 1, lon: 2 },
        metadata: { n: "x" },
      },
      reason: "she called",
      reasons: [{ key: "rule_not_met", actual: ["gold"], expected: 3, gap: 4 }],
    };
    expect(scrubbed(event)).toEqual({
      customer: "erased_x",
      profile: { identifier: "erased_x", name: null, attributes: {}, tags: {} },
      order: { id: "o-1", total_amount: 990, location: null, metadata: {} },
      reason: null,
      reasons: [{ key: "rule_not_met", actual: null, expected: 3, gap: 4 }],
    });
  });

  it("is the same again when it is done again", () => {
    const once = scrubJson(
      JSON.stringify({ customer: "customer-1", note: "for Ada Lovelace", trace: [1] }),
      ada,
      "erased_x",
    );
    expect(once).toBe('{"customer":"erased_x","note":"for erased_x","trace":[]}');
    expect(scrubJson(once, ada, "erased_x")).toBe(once);
  });

  it("leaves others alone whose name begins alike", () => {
    const others = { customer: "customer-10", note: "customer-10, xcustomer-1, customer-1_b" };
    expect(scrubbed(others)).toEqual(others);
  });

  it("is one that spoke of the person, not one of somebody whose name begins alike", () => {
    const neighbours = { customer: "customer-10", signals: { ip: "a" }, note: "of customer-10", sku: "x" };
    expect(mentions(neighbours, ada)).toBe(false);
    for (const more of [
      { customer: "customer-1" },
      { note: "for ada lovelace" },
      { list: [{ "ada@home.example": 1 }] },
    ]) {
      expect(mentions({ ...neighbours, ...more }, ada)).toBe(true);
    }
    expect([mentions({ sku: "7" }, seven), mentions({ customer: "7" }, seven)]).toEqual([false, true]);
  });

  it("takes a short identifier out only where it names a customer", () => {
    const order = { customer: "7", sku: "7", quantity: 7, note: "seat 7" };
    expect(scrubbed(order, seven)).toEqual({ ...order, customer: "erased_x" });
  });

  it("finds names in longer texts, in any case, and leaves a text that is no JSON a text", () => {
    expect(scrubText("call ADA LOVELACE (ada@home.example)", ada, "erased_x")).toBe("call erased_x (erased_x)");
    expect(scrubJson("not json: Ada Lovelace", ada, "erased_x")).toBe("not json: erased_x");
  });

  it("takes signs of patterns in an identifier as they are", () => {
    const odd: Person = { identifier: "a.b*c(d)[e]", texts: [] };
    expect(scrubText("of a.b*c(d)[e]; not of axbxcxdxe", odd, "erased_x")).toBe("of erased_x; not of axbxcxdxe");
  });
});
