/** A model's card, made from its manifest alone: a test holds every card of the product to it. */
import { featureSets } from "./loaded.ts";
import type { Manifest, ModelName } from "./registry/manifest.ts";

interface About {
  readonly title: string;
  readonly what: string;
  readonly use: readonly string[];
  readonly learns: string;
  readonly limits: readonly string[];
}

const about: Readonly<Record<ModelName, About>> = {
  personalisation: {
    title: "Personalisation: how likely is it that this customer redeems this offer?",
    what: "An ensemble for tables (`models/estimators/tabular`), calibrated; one number a customer and offer.",
    use: [
      "Ranks the offers of `POST /v1/offers` together with their margin and cost.",
      "Not for deciding who may redeem, and not for prices: it predicts, and says nothing of what an offer changes.",
    ],
    learns:
      "One example a customer and campaign: the first publication, what was known strictly before it, and whether a code of the campaign was redeemed afterwards.",
    limits: [
      "Publications are not random: better customers get more. The probability is no effect; a holdout measures that.",
      "A few dozen campaigns teach little about a new kind of campaign, and a season reads as a trend.",
      "Without a model offers are ranked by the redemption rate of their campaign so far.",
    ],
  },
  risk: {
    title: "Risk: how unlike ordinary attempts is this one?",
    what: "An anomaly detector (`models/estimators/anomaly`) and, once enough is confirmed by reviewers, a classifier (`models/estimators/tabular`) beside it, combined into one score from 0 to 1 (`models/risk/combine.ts`).",
    use: [
      "Scores redemptions and rejections; from 0.995 on they are flagged for a person, and held or rejected only where a campaign's policy says so.",
      "Not for judging a person: it says what is unusual of an attempt, and unusual is not fraud.",
    ],
    learns:
      "One example a redemption: what the request and the signals said strictly before it. Confirmed abuse is kept out of what counts as ordinary.",
    limits: [
      "A shop whose custom differs from that of training is flagged more until a model of its own is trained.",
      "Made-up abuse measures whether such things stand out, not how often they happen.",
      "Without a model there is no score, and only the operator's rules decide.",
    ],
  },
};

export function cardOf(manifest: Manifest): string {
  const { title, what, use, learns, limits } = about[manifest.name];
  const { data, metrics, champion } = manifest;
  const candidates: [string, Readonly<Record<string, number>>][] = [
    ["model", metrics.model],
    ...Object.entries(metrics.baselines),
    ...(champion === null
      ? []
      : [[`champion ${champion.version}`, champion.metrics] as [string, Record<string, number>]]),
  ];
  const names = Object.keys(metrics.model);
  const rows = names.map((name) => [name, ...candidates.map(([, values]) => shown(values[name]))]);
  const counts = (of: { train: number; validation: number; test: number }) =>
    `${of.train} / ${of.validation} / ${of.test}`;
  const sections = [
    `# ${title}`,
    `Version \`${manifest.version}\`. Made by the training run from its manifest; not written by hand.`,
    `**What it is.** ${what} Estimator: \`${manifest.estimator.name}\`, version ${manifest.estimator.version}. Trained on ${manifest.backend}; served as plain code.`,
    `**Intended use.**\n\n${list(use)}`,
    `**What it learned from.** ${learns}\n\n${list([
      `Window: ${data.from} to ${data.to}; held back from ${data.held_back_from} on.`,
      `Rows (train / validation / held back): ${counts(data.rows)}${data.positives === null ? "; no labels" : `; positive: ${counts(data.positives)}`}.`,
      `Data \`${data.hash.slice(0, 16)}\`, seed ${manifest.seed}: the same data and seed give the same files.`,
    ])}`,
    `**How good it is**, on the held-back days, which nothing was learnt from:\n\n${grid(["metric", ...candidates.map(([name]) => name.replaceAll("_", " "))], rows)}`,
    ...(manifest.members.length === 0
      ? []
      : [
          `**Members**, each judged on rows that it had not seen:\n\n${grid(
            ["member", "weight", ...Object.keys(manifest.members[0]?.metrics ?? {})],
            manifest.members.map(({ name, weight, metrics: own }) => [
              name,
              shown(weight),
              ...Object.values(own).map(shown),
            ]),
          )}`,
        ]),
    ...(manifest.name === "risk" ? [`**Calibration.** ${calibration(manifest)}`] : []),
    `**Features** (set \`${manifest.feature_set.hash.slice(0, 16)}\`), with what was usual in training:\n\n${grid(
      ["feature", "window", "usual"],
      manifest.features.map(({ name, usual }) => [name, windowOf(manifest.name, name), shown(usual)]),
    )}`,
    `**Limits.**\n\n${list(limits)}`,
  ];
  return `${sections.join("\n\n")}\n`;
}

function calibration({ combination }: Extract<Manifest, { name: "risk" }>): string {
  const alone =
    "The score is the share of ordinary attempts that are less strange: counted up to a quantile, an exponential tail beyond.";
  const { counted, excess } = combination.anomaly;
  const both =
    combination.supervised === null
      ? "No classifier yet: too few labels."
      : `The classifier's surprise joins with weight ${combination.supervised.weight}.`;
  return `${alone} Counted up to ${counted}, mean excess ${shown(excess)}. ${both}`;
}

function windowOf(model: ModelName, feature: string): string {
  return featureSets[model].features.find(({ name }) => name === feature)?.window ?? "";
}

function shown(value: number | undefined): string {
  if (value === undefined) return "–";
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
}

function list(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join("\n");
}

function grid(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
