/** Looks that are under way, of all projects. Each gets some time and then waits for the others: none holds them all up. */
import { WarehouseBusy } from "./collect.ts";
import { findProjectsWithDynamicSegments } from "./definitions.ts";
import type { EvaluationDeps } from "./evaluate.ts";
import { beginRound, beginTouched, continueRound, type Round } from "./pass.ts";

/** A batch is never broken off: a turn takes as much longer. */
const sliceMs = { touched: 5_000, everybody: 5_000 } as const;

export class Turns {
  private readonly touched = new Map<string, Round>();
  private readonly everybody = new Map<string, Round>();
  private readonly deps: EvaluationDeps;
  private readonly clock: () => number;

  /** @param clock epoch ms. */
  constructor(deps: EvaluationDeps, clock: () => number = Date.now) {
    this.deps = deps;
    this.clock = clock;
  }

  /** Whether something waits for its next turn. */
  get areUnderWay(): boolean {
    return this.touched.size + this.everybody.size > 0;
  }

  forget(): void {
    this.touched.clear();
    this.everybody.clear();
  }

  /** Each project's touched customers for a while, then, of everybody, a batch of one project after the other's. */
  async take(signal: AbortSignal): Promise<void> {
    const projects = await findProjectsWithDynamicSegments(this.deps.db);
    for (const rounds of [this.touched, this.everybody]) {
      for (const projectId of rounds.keys()) if (!projects.includes(projectId)) rounds.delete(projectId);
    }
    for (const projectId of projects) {
      const until = this.clock() + sliceMs.touched;
      while (!signal.aborted && (await this.step("touched", projectId)) && this.clock() < until) {}
    }
    const until = this.clock() + sliceMs.everybody;
    // Those who are under way stand in the order of their last batches.
    const waiting = [...projects.filter((projectId) => !this.everybody.has(projectId)), ...this.everybody.keys()];
    while (waiting.length > 0 && !signal.aborted && this.clock() < until) {
      const projectId = waiting.shift() ?? "";
      if (await this.step("everybody", projectId)) waiting.push(projectId);
    }
  }

  /** @returns whether more is to be done. */
  private async step(kind: "touched" | "everybody", projectId: string): Promise<boolean> {
    const rounds = this[kind];
    const begin = kind === "touched" ? beginTouched : beginRound;
    const now = new Date(this.clock());
    const round = rounds.get(projectId) ?? (await begin(this.deps, projectId, now));
    rounds.delete(projectId);
    if (round === undefined) return false;
    let step: Awaited<ReturnType<typeof continueRound>>;
    try {
      step = await continueRound(this.deps, projectId, round, now);
    } catch (error) {
      if (!(error instanceof WarehouseBusy)) throw error;
      this.deps.log.warn({ project: projectId, kind, err: error }, "segments wait for the warehouse");
      rounds.set(projectId, round);
      return false;
    }
    if (!step.isOver) {
      rounds.set(projectId, step.round);
      return true;
    }
    const { customers, entered, left } = step.round;
    if (kind === "everybody" || entered + left > 0) {
      this.deps.log.info({ project: projectId, kind, customers, entered, left }, "segments were evaluated");
    }
    return false;
  }
}
