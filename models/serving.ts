/**
 * Scores in a request: synchronous, never throwing, some hundredths of a millisecond a row. A model that is absent,
 * refused or slow is "unavailable" and the caller takes the documented fallback; nothing here guesses. There is no TF.js
 * here: networks and trees run as plain code over typed arrays.
 */
import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import { type Champion, openChampions, type ServingLog } from "./champions.ts";
import { named, rawVector, writeRaw } from "./features/feature.ts";
import { type OfferInput, personalisationFeatures } from "./features/personalisation.ts";
import { type RiskInput, riskFeatures } from "./features/risk.ts";
import { createWatchdog, defaultLimits, type Limits } from "./limits.ts";
import type { LoadedOffers, LoadedRisk } from "./loaded.ts";
import type { ModelName } from "./registry/manifest.ts";
import { registryDirectory } from "./registry/store.ts";
import { sharesWithin } from "./uplift/shares.ts";

/** One feature's part in a score. */
export interface RiskReason {
  readonly feature: string;
  /** As it was scored, default filled in. */
  readonly value: number;
  /** All contributions of a score sum to its distance from the base, which is 0. */
  readonly contribution: number;
  /** A sentence a reviewer understands. */
  readonly text: string;
}

/** What the model alone says; what follows from it is a matter of rules and policies, see `api/risk`. */
export interface RiskScore {
  /** 0 (ordinary) to 1, comparable between models; null when unavailable. */
  readonly score: number | null;
  /** "name@version", null when unavailable. */
  readonly model: string | null;
  /** The vector that was scored, by feature name; null when unavailable. */
  readonly features: Readonly<Record<string, number>> | null;
  /** Every feature that moved the score, strongest first; the same for the same vector and model. */
  readonly reasons: readonly RiskReason[];
}

/**
 * A score at or above it is flagged where nothing else is said. One in two hundred of ordinary attempts of the held-back
 * days reaches it by construction (`risk/combine.ts`); custom that drifts may double that before one in a hundred is.
 */
export const flagThreshold = 0.995;

interface OfferScore {
  /** That the customer redeems the offer. */
  readonly probability: number;
  /** The vector that was scored, by feature name. */
  readonly features: Readonly<Record<string, number>>;
  /**
   * By feature, in log-odds: they sum to the offer's log-odds less those the model starts from. Made when asked for; null
   * when the model cannot tell them.
   */
  readonly contributions: Readonly<Record<string, number>> | null;
}

export interface OfferScores {
  readonly model: { readonly name: string; readonly version: string };
  /** One a given input, in the order given. */
  readonly offers: readonly OfferScore[];
}

export interface Models {
  scoreRisk(projectId: string, input: RiskInput): RiskScore;
  /** "unavailable": rank by history instead, see `api/offers`. */
  scoreOffers(projectId: string, inputs: readonly OfferInput[]): OfferScores | "unavailable";
  /** By the project's newest challenger; undefined while there is none. */
  scoreChallengerOffers?(projectId: string, inputs: readonly OfferInput[]): OfferScores | "unavailable" | undefined;
  /**
   * Of offers of campaigns with a holdout of their own: of the customer's redemptions, the share that are orders there would
   * not be otherwise, -1 to 1, in the order given. "unavailable": the campaign's measured share stands for all customers.
   */
  scoreShares?(projectId: string, inputs: readonly OfferInput[]): readonly number[] | "unavailable";
  /** What serves a project now; null: the fallback. */
  serving(projectId: string, name: ModelName): { readonly version: string; readonly source: Champion["source"] } | null;
}

export interface ServedModels extends Models {
  /** Takes over what was promoted meanwhile. Rejects when Postgres does not answer. */
  refresh(): Promise<void>;
  /** Does that every two seconds until the signal. */
  watch(signal: AbortSignal): Promise<void>;
}

export interface LoadOptions {
  readonly log: ServingLog;
  /** Of the models of the product; default: the registry of this source tree. */
  readonly directory?: string;
  /** Where champions of projects are; absent: there are none. */
  readonly pool?: pg.Pool;
  readonly limits?: Partial<Limits>;
}

const watchMs = 2_000;
/** Offers are scored so many at once, and the clock is asked in between. */
const groupSize = 64;

/** Never rejects: what cannot be loaded is logged and unavailable. */
export async function loadModels(options: LoadOptions): Promise<ServedModels> {
  const { log, directory = registryDirectory, pool } = options;
  const limits: Limits = { ...defaultLimits, ...options.limits };
  const champions = await openChampions({ log, directory, pool });
  const watchdog = createWatchdog(log, limits.clock);
  await champions
    .refresh()
    .catch((error: unknown) => log.error({ err: error }, "champions of projects cannot be read yet"));

  /** The project's champion, or the product's while that rests. */
  function awake(projectId: string, name: ModelName): Champion | null {
    for (const champion of [champions.find(projectId, name), champions.product(name)]) {
      if (champion !== null && !watchdog.rests(champion.model)) return champion;
    }
    return null;
  }

  function guarded<T>(champion: Champion | null, fallback: T, score: (champion: Champion) => T): T {
    if (champion === null) return fallback;
    try {
      return score(champion);
    } catch (error) {
      const { name, version } = champion.model;
      log.error({ model: name, version, err: error }, "scoring failed: the fallback serves");
      return fallback;
    }
  }

  /** A score whose reasons cannot be had is a score still. */
  const explaining: Explaining = ({ name, version }, work) => {
    try {
      return work();
    } catch (error) {
      log.error({ model: name, version, err: error }, "explaining failed: the score goes without reasons");
      return null;
    }
  };

  function rank({ model }: Champion, inputs: readonly OfferInput[]): OfferScores | "unavailable" {
    if (model.name !== "personalisation") return "unavailable";
    const began = limits.clock();
    const offers: OfferScore[] = [];
    while (offers.length < inputs.length) {
      if (offers.length > 0 && limits.clock() - began > limits.offersMs) break;
      offers.push(...scoreGroup(model, inputs.slice(offers.length, offers.length + groupSize), explaining));
    }
    watchdog.took(model, limits.clock() - began, limits.offersMs);
    if (offers.length < inputs.length) return "unavailable";
    return { model: { name: model.name, version: model.version }, offers };
  }

  return {
    scoreRisk: (projectId, input) =>
      guarded(awake(projectId, "risk"), unscored, ({ model }) => {
        if (model.name !== "risk") return unscored;
        const began = limits.clock();
        const score = new ModelScore(model, rawVector(riskFeatures, input), explaining);
        watchdog.took(model, limits.clock() - began, limits.riskMs);
        return score;
      }),
    scoreOffers: (projectId, inputs) =>
      guarded<OfferScores | "unavailable">(awake(projectId, "personalisation"), "unavailable", (champion) =>
        rank(champion, inputs),
      ),
    scoreChallengerOffers: (projectId, inputs) => {
      const challenger = champions.findChallenger(projectId, "personalisation");
      if (challenger === null || watchdog.rests(challenger.model)) return undefined;
      return guarded<OfferScores | "unavailable">(challenger, "unavailable", (champion) => rank(champion, inputs));
    },
    scoreShares: (projectId, inputs) =>
      guarded<readonly number[] | "unavailable">(awake(projectId, "uplift"), "unavailable", ({ model }) => {
        if (model.name !== "uplift") return "unavailable";
        const began = limits.clock();
        const shares = sharesWithin(limits, model.scorer, inputs);
        watchdog.took(model, limits.clock() - began, limits.offersMs);
        return shares.length < inputs.length ? "unavailable" : shares;
      }),
    serving: (projectId, name) => {
      const champion = awake(projectId, name);
      return champion === null ? null : { version: champion.model.version, source: champion.source };
    },
    refresh: () => champions.refresh(),
    async watch(signal) {
      while (!signal.aborted) {
        await delay(watchMs, undefined, { signal }).catch(() => undefined);
        if (!signal.aborted) await champions.refresh();
      }
    },
  };
}

/** Of an attempt that no model looked at. */
export const unscored: RiskScore = { score: null, model: null, features: null, reasons: [] };

/** Gives null, and tells the log, when the work throws. */
type Explaining = <T>(model: { readonly name: string; readonly version: string }, work: () => T) => T | null;

/** Most scores are low: nobody asks why, and few ask of what. */
class ModelScore implements RiskScore {
  readonly score: number;
  readonly #model: LoadedRisk;
  readonly #raw: readonly number[];
  readonly #explaining: Explaining;
  #reasons: readonly RiskReason[] | undefined;

  /** @throws RangeError when the model gives no number */
  constructor(model: LoadedRisk, raw: readonly number[], explaining: Explaining) {
    this.score = model.scorer.score(raw);
    if (!Number.isFinite(this.score)) throw new RangeError("the score is not a number");
    this.#model = model;
    this.#raw = raw;
    this.#explaining = explaining;
  }

  get model(): string {
    return `${this.#model.name}@${this.#model.version}`;
  }

  get features(): Readonly<Record<string, number>> {
    return named(riskFeatures, this.#raw);
  }

  get reasons(): readonly RiskReason[] {
    this.#reasons ??= this.#explaining(this.#model, () => explain(this.#model, this.#raw)) ?? [];
    return this.#reasons;
  }
}

function explain({ scorer, usual }: LoadedRisk, raw: readonly number[]): RiskReason[] {
  const parts = scorer.contributions(raw);
  return riskFeatures.features
    .map((feature, index): RiskReason => {
      const value = raw[index] ?? feature.default;
      const text = feature.text(value, usual[index] ?? feature.default);
      return { feature: feature.name, value, contribution: parts[index] ?? 0, text };
    })
    .filter(({ contribution }) => contribution > 0)
    .sort((a, b) => b.contribution - a.contribution || (a.feature < b.feature ? -1 : 1));
}

function scoreGroup(model: LoadedOffers, inputs: readonly OfferInput[], explaining: Explaining): OfferScore[] {
  const rows = new Float64Array(inputs.length * personalisationFeatures.features.length);
  for (const [row, input] of inputs.entries()) writeRaw(personalisationFeatures, input, rows, row);
  const probabilities = model.scorer.probabilities(rows, inputs.length);
  return inputs.map((_, row) => new ScoredOffer(model, probabilities[row] as number, rows, row, explaining));
}

/** Of hundreds that are ranked some are shown: only those are asked for more than the probability. */
class ScoredOffer implements OfferScore {
  readonly probability: number;
  readonly #model: LoadedOffers;
  readonly #rows: Float64Array;
  readonly #row: number;
  readonly #explaining: Explaining;

  /** @throws RangeError when the model gives no number */
  constructor(model: LoadedOffers, probability: number, rows: Float64Array, row: number, explaining: Explaining) {
    if (!Number.isFinite(probability)) throw new RangeError("the probability is not a number");
    this.probability = probability;
    this.#model = model;
    this.#rows = rows;
    this.#row = row;
    this.#explaining = explaining;
  }

  get features(): Readonly<Record<string, number>> {
    return named(personalisationFeatures, this.#raw());
  }

  get contributions(): Readonly<Record<string, number>> | null {
    return this.#explaining(this.#model, () =>
      named(personalisationFeatures, this.#model.scorer.contributions([...this.#raw()])),
    );
  }

  #raw(): Float64Array {
    const width = personalisationFeatures.features.length;
    return this.#rows.subarray(this.#row * width, (this.#row + 1) * width);
  }
}
