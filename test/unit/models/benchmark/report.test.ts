import { expect, it } from "vitest";
import type { TaskManifest } from "../../../../models/benchmark/read-task.ts";
import { reportTable } from "../../../../models/benchmark/report.ts";

const manifest: TaskManifest = {
  name: "coupons",
  kind: "binary",
  label: "y",
  columns: [],
  peers: { "boosted | default": { auc: 0.7, logloss: 0.5 } },
};

it("figures are written as a Markdown table whose columns are aligned, whatever a peer is called", () => {
  const result = { name: "coupons", metrics: { auc: 0.9, logloss: 0.51, harmony: null }, seconds: 1234.6 };
  expect(reportTable([{ manifest, result }])).toBe(
    [
      "| task    | metric  |   ours | best peer ± se | which              | verdict | seconds |",
      "| ------- | ------- | -----: | -------------: | ------------------ | ------- | ------: |",
      "| coupons | auc     | 0.9000 |         0.7000 | boosted \\| default | ahead   |    1235 |",
      "|         | logloss | 0.5100 |         0.5000 | boosted \\| default | behind  |         |",
      "|         | harmony |      – |                |                    |         |         |",
    ].join("\n"),
  );
});
