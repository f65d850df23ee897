import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ruleBody } from "../../../api/risk/schemas.ts";
import { shippedRules } from "../../../api/risk/shipped-rules.ts";
import { flagThreshold } from "../../../models/serving.ts";

const page = readFileSync(join(import.meta.dirname, "../../../docs/risk.md"), "utf8");

describe("docs/risk.md", () => {
  it("shows a rule that the API takes", () => {
    const blocks = [...page.matchAll(/```json\n([\s\S]*?)```/g)].map(([, text]) => JSON.parse(text ?? ""));
    expect(blocks.length).toBeGreaterThan(0);
    for (const block of blocks) expect(ruleBody.safeParse(block).error?.issues ?? []).toEqual([]);
  });

  it("names every shipped rule, and no other", () => {
    const named = [...page.matchAll(/^\| `(rul_\w+)`/gm)].map(([, id]) => id);
    expect(named).toEqual(shippedRules.map(({ id }) => id));
  });

  it("tells the threshold that flags", () => {
    expect(page).toMatch(new RegExp(`\\| \`flag\` .*\\| ${flagThreshold} +\\|`));
  });
});
