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
  uplift: {
    title: "Uplift: what does this campaign change in this customer?",
    what: "Ways of learning an effect weighed by the R-loss (`models/estimators/uplift`), and beside them the chance of a redemption (`models/estimators/tabular`): their quotient is the share of a customer's redemptions that are orders more.",
    use: [
      "Takes the place of a campaign's measured share in the expected value of `POST /v1/offers`, for campaigns with a holdout of their own.",
      "Not for saying what a campaign caused: the report of its holdout does, with intervals.",
    ],
    learns:
      "One example a customer and campaign with a holdout of its own: what was known when the arms could first differ, whether the lottery withheld the campaign, and whether a paid order followed within 30 days.",
    limits: [
      "Effects are faint: Qini coefficients near 0.1 are good, and that of another sample of customers may be half as large.",
      "Campaigns that differ in nothing but their reward are alike to it; a new kind of campaign is guessed from the others.",
      "An order counts, not its size; held-out customers who type a code count as held out.",
      "Without a model all customers of a campaign have its measured share.",
    ],
  },
};

const ofDays = {
  window: (from: string) => `held back from ${from} on`,
  judged: "on the held-back days, which nothing was learnt from",
} as const;
const heldBack: Readonly<Record<ModelName, { window(from: string): string; judged: string }>> = {
  personalisation: ofDays,
  risk: ofDays,
  uplift: {
    window: () => "held back is one customer in five, the same ones every time",
    judged: "on the held-back customers, which nothing was learnt from",
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
      `Window: ${data.from} to ${data.to}; ${heldBack[manifest.name].window(data.held_back_from)}.`,
      `Rows (train / validation / held back): ${counts(data.rows)}${data.positives === null ? "; no labels" : `; positive: ${counts(data.positives)}`}.`,
      `Data \`${data.hash.slice(0, 16)}\`, seed ${manifest.seed}: the same data and seed give the same files.`,
    ])}`,
    `**How good it is**, ${heldBack[manifest.name].judged}:\n\n${grid(["metric", ...candidates.map(([name]) => name.replaceAll("_", " "))], rows)}`,
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
