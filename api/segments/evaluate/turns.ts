/** Looks that are under way, of all projects. Each gets some time and then waits for the others: none holds them all up. */
import { ClickHouseError } from "@clickhouse/client";
import { WarehouseBusy } from "./collect.ts";
import { findProjectsWithDynamicSegments } from "./definitions.ts";
import type { EvaluationDeps } from "./evaluate.ts";
import { beginRound, beginTouched, continueRound, type Round } from "./pass.ts";

/** A batch is never broken off: a turn takes as much longer. */
const sliceMs = { touched: 5_000, everybody: 5_000 } as const;
/** A project whose look failed is left alone so long. */
const restMs = 30_000;

type Kind = "touched" | "everybody";

export class Turns {
  private readonly touched = new Map<string, Round>();
  private readonly everybody = new Map<string, Round>();
  /** By project, epoch ms. */
  private readonly restUntil = new Map<string, number>();
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
    for (const rounds of [this.touched, this.everybody, this.restUntil]) {
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

  /** What fails at one project, others do not feel: its look begins anew later. @returns whether more is to be done. */
  private async step(kind: Kind, projectId: string): Promise<boolean> {
    const now = this.clock();
    if (now < (this.restUntil.get(projectId) ?? now)) return false;
    try {
      return await this.look(kind, projectId, new Date(now));
    } catch (error) {
      this.restUntil.set(projectId, this.clock() + restMs);
      // Of the warehouse by its code alone: its text repeats what was asked.
      const cause = error instanceof ClickHouseError ? { code: error.code, type: error.type } : { err: error };
      this.deps.log.error({ project: projectId, kind, ...cause }, "segments of a project were not evaluated");
      return false;
    }
  }

  private async look(kind: Kind, projectId: string, now: Date): Promise<boolean> {
    const rounds = this[kind];
    const begin = kind === "touched" ? beginTouched : beginRound;
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
