import { describe, expect, it } from "vitest";
import { holdoutBucket, isHeldOut, isInGlobalHoldout, isWithheld, murmur3 } from "../../../api/domain/holdout.ts";

// Published vectors of MurmurHash3_x86_32.
it.each([
  ["", 0, 0x00000000],
  ["", 1, 0x514e28b7],
  ["", 0xffffffff, 0x81f16f39],
  ["test", 0, 0xba6bd213],
  ["test", 0x9747b28c, 0x704b81dc],
  ["Hello, world!", 0, 0xc0363e43],
  ["Hello, world!", 0x9747b28c, 0x24884cba],
  ["The quick brown fox jumps over the lazy dog", 0, 0x2e4ff723],
  ["The quick brown fox jumps over the lazy dog", 0x9747b28c, 0x2fa826cd],
  ["aaa", 0x9747b28c, 0x283e0130],
  ["ππππππππ", 0x9747b28c, 0xd58063c1],
])("hashes %j with seed %i as published", (text, seed, hash) => {
  expect(murmur3(text, seed)).toBe(hash);
});

describe("the holdout", () => {
  const shoppers = Array.from({ length: 20_000 }, (_, index) => `shopper-${index}@example.com`);
  const heldOut = (campaignId: string, percent: number) => shoppers.filter((s) => isHeldOut(campaignId, s, percent));

  it("withholds about its share of the customers", () => {
    for (const percent of [1, 5, 10, 50]) {
      const share = (heldOut("cam_a", percent).length / shoppers.length) * 100;
      const deviation = 4 * Math.sqrt((percent * (100 - percent)) / shoppers.length);
      expect(Math.abs(share - percent)).toBeLessThan(deviation);
    }
  });

  it("withholds nobody at 0 and everybody at 100", () => {
    expect(heldOut("cam_a", 0)).toHaveLength(0);
    expect(heldOut("cam_a", 100)).toHaveLength(shoppers.length);
  });

  it("keeps whom it withheld when the share grows", () => {
    const wider = new Set(heldOut("cam_a", 20));
    expect(heldOut("cam_a", 10).every((shopper) => wider.has(shopper))).toBe(true);
  });

  it("draws anew for each campaign", () => {
    const both = heldOut("cam_a", 10).filter((shopper) => isHeldOut("cam_b", shopper, 10)).length;
    expect(both / shoppers.length).toBeGreaterThan(0.005);
    expect(both / shoppers.length).toBeLessThan(0.015);
  });

  it("stays where it is, release after release", () => {
    expect(holdoutBucket("cam_a", "ada@example.com")).toMatchInlineSnapshot(`84.96`);
  });
});

describe("a campaign", () => {
  const shoppers = Array.from({ length: 2_000 }, (_, index) => `shopper-${index}`);
  const campaign = { id: "cam_a", holdoutPercent: 20 };

  it("is withheld from its own holdout and from the global one", () => {
    for (const identifier of shoppers) {
      expect(isWithheld(campaign, { identifier, inGlobalHoldout: true })).toBe(true);
      expect(isWithheld(campaign, { identifier, inGlobalHoldout: false })).toBe(isHeldOut("cam_a", identifier, 20));
    }
  });

  it("has a holdout of its own that is no part of the global one", () => {
    const globally = shoppers.filter((shopper) => isInGlobalHoldout("prj_a", shopper, 50));
    expect(globally.length / shoppers.length).toBeCloseTo(0.5, 1);
    const both = globally.filter((shopper) => isHeldOut("cam_a", shopper, 20));
    expect(both.length / globally.length).toBeCloseTo(0.2, 1);
  });
});
