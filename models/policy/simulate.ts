/**
 * A shop whose customers' answers are known, to see how far estimates are from the truth and how often their intervals
 * hold it. Contexts are few and fixed, so the truth is a sum and not another estimate.
 */
import { predictLogistic } from "../training/logistic.ts";
import { seeded } from "../training/random.ts";
import { type Estimate, type Estimator, estimateValue, estimators, type LoggedAction } from "./estimate.ts";
import { explore, propensityOf } from "./exploration.ts";
import { crossFit } from "./reward-model.ts";

const contextsCount = 300;
const offersCount = 6;
const traits = 3;
/** How much of the log explores. */
const exploration = 0.2;

export interface SimulationOptions {
  readonly runs: number;
  /** Decisions in each run's log. */
  readonly decisions: number;
  /** How many offers a decision shows: 1, or a ranking. */
  readonly places: number;
  readonly seed: number;
}

export interface Accuracy {
  readonly estimator: Estimator | "ips, weights cut at 20";
  readonly truth: number;
  readonly bias: number;
  readonly rootMeanSquare: number;
  /** Shares of runs whose interval held the truth. */
  readonly normalCoverage: number;
  readonly bootstrapCoverage: number;
  readonly meanWidth: number;
}

interface World {
  readonly contexts: readonly (readonly number[])[];
  /** That offer a at place k is taken in a context. */
  readonly chance: (context: number, offer: number, place: number) => number;
  /** The rankings of the policy that logs and of the one in question, by context. */
  readonly logged: readonly (readonly number[])[];
  readonly target: readonly (readonly number[])[];
}

export function simulate({ runs, decisions, places, seed }: SimulationOptions): Accuracy[] {
  const world = createWorld(places, seed);
  const truth = truthOf(world, places);
  const found = new Map<Accuracy["estimator"], Estimate[]>();
  for (let run = 0; run < runs; run += 1) {
    const rows = drawLog(world, { decisions, places, seed: seed * 100_003 + run + 1 });
    const options = { resamples: 200, seed: run };
    const plain = estimateValue(rows, options);
    for (const estimator of estimators) found.set(estimator, [...(found.get(estimator) ?? []), plain[estimator]]);
    const cut = estimateValue(rows, { ...options, clip: 20 }).ips;
    found.set("ips, weights cut at 20", [...(found.get("ips, weights cut at 20") ?? []), cut]);
  }
  return [...found].map(([estimator, estimates]) => ({ estimator, ...accuracyOf(estimates, truth) }));
}

/** Likings have a part that no straight line follows, so that a logistic reward model is wrong, as models are. */
function createWorld(places: number, seed: number): World {
  const random = seeded(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const contexts = Array.from({ length: contextsCount }, () => Array.from({ length: traits }, normal));
  const offers = Array.from({ length: offersCount }, () => ({
    level: -2.4 + 0.5 * normal(),
    likings: Array.from({ length: traits }, () => 0.7 * normal()),
    bend: 0.6 * normal(),
  }));
  const logit = (context: number, offer: number) => {
    const [x = [], o] = [contexts[context], offers[offer]];
    if (o === undefined) return 0;
    return (
      o.level +
      o.likings.reduce((sum, liking, at) => sum + liking * (x[at] ?? 0), 0) +
      o.bend * (x[0] ?? 0) * (x[1] ?? 0)
    );
  };
  const ranked = (score: (context: number, offer: number) => number) =>
    contexts.map((_, context) =>
      Array.from({ length: offersCount }, (_, offer) => ({ offer, score: score(context, offer) }))
        .sort((a, b) => b.score - a.score)
        .slice(0, places)
        .map(({ offer }) => offer),
    );
  // The one that logs knows the offers but not the customers; the other knows both, with some error.
  return {
    contexts,
    chance: (context, offer, place) => (1 / (1 + place)) * (1 / (1 + Math.exp(-logit(context, offer)))),
    logged: ranked((_, offer) => offers[offer]?.level ?? 0),
    target: ranked((context, offer) => logit(context, offer) + 0.5 * normal()),
  };
}

/** The policy in question explores as well, half as much. */
function targetChance(world: World, context: number, offer: number, place: number): number {
  return propensityOf(world.target[context]?.[place] === offer, offersCount, exploration / 2);
}

function truthOf(world: World, places: number): number {
  let sum = 0;
  for (let context = 0; context < contextsCount; context += 1) {
    for (let place = 0; place < places; place += 1) {
      for (let offer = 0; offer < offersCount; offer += 1) {
        sum += targetChance(world, context, offer, place) * world.chance(context, offer, place);
      }
    }
  }
  return sum / contextsCount;
}

interface Shown {
  readonly decision: number;
  readonly context: number;
  readonly offer: number;
  readonly place: number;
  readonly reward: number;
}

function drawLog(world: World, { decisions, places, seed }: Omit<SimulationOptions, "runs">): LoggedAction[] {
  const random = seeded(seed);
  const shown: Shown[] = [];
  for (let decision = 0; decision < decisions; decision += 1) {
    const context = Math.floor(random() * contextsCount);
    const { order } = explore(world.logged[context] ?? [], offersCount, exploration, random);
    for (const [place, offer] of order.entries()) {
      shown.push({ decision, context, offer, place, reward: Number(random() < world.chance(context, offer, place)) });
    }
  }
  const vector = (context: number, offer: number, place: number) => vectorOf(world, places, context, offer, place);
  const models = crossFit(
    shown.map(({ context, offer, place }) => vector(context, offer, place)),
    shown.map(({ reward }) => reward),
    shown.map(({ decision }) => decision),
    { folds: 2, ridge: 1, seed },
  );
  return shown.map(({ decision, context, offer, place, reward }, index) => {
    const model = models[index];
    if (model === undefined) throw new RangeError("every row has a model");
    let predictedOfTarget = 0;
    for (let other = 0; other < offersCount; other += 1) {
      predictedOfTarget +=
        targetChance(world, context, other, place) * predictLogistic(model, vector(context, other, place));
    }
    return {
      decision,
      cluster: decision,
      reward,
      propensity: propensityOf(world.logged[context]?.[place] === offer, offersCount, exploration),
      target: targetChance(world, context, offer, place),
      predicted: predictLogistic(model, vector(context, offer, place)),
      predictedOfTarget,
    };
  });
}

/** Each offer's level and likings, and the place. */
function vectorOf(world: World, places: number, context: number, offer: number, place: number): number[] {
  const vector = new Array<number>(offersCount * (1 + traits) + places - 1).fill(0);
  vector[offer] = 1;
  for (const [at, x] of (world.contexts[context] ?? []).entries()) vector[offersCount + offer * traits + at] = x;
  if (place > 0) vector[offersCount * (1 + traits) + place - 1] = 1;
  return vector;
}

function accuracyOf(estimates: readonly Estimate[], truth: number): Omit<Accuracy, "estimator"> {
  const mean = (of: (estimate: Estimate) => number) =>
    estimates.reduce((sum, estimate) => sum + of(estimate), 0) / estimates.length;
  const holds = (interval: { low: number; high: number } | undefined) =>
    Number(interval !== undefined && interval.low <= truth && truth <= interval.high);
  return {
    truth,
    bias: mean(({ value }) => value) - truth,
    rootMeanSquare: Math.sqrt(mean(({ value }) => (value - truth) ** 2)),
    normalCoverage: mean(({ normal }) => holds(normal)),
    bootstrapCoverage: mean(({ bootstrap }) => holds(bootstrap)),
    meanWidth: mean(({ normal }) => normal.high - normal.low),
  };
}
