/** The engines against each other: first that they agree on every cart, then how many carts a second each decides. */
import { decide } from "../../api/domain/decide.ts";
import { makeCarts } from "./carts.ts";
import { automaticCampaigns, decideCodes, factsWithAutomatic, factsWithCodes, meetRules, traceRules } from "./ours.ts";
import { loadPeers } from "./peers.ts";
import { rules } from "./rules.ts";

interface EngineFigure {
  readonly name: string;
  readonly perSecond: number;
}

export interface EngineComparison {
  /** Carts on which all gave the same answer: all of them, or `compareEngines` throws. */
  readonly carts: number;
  readonly rules: number;
  /** Met, of all pairs of rule and cart. */
  readonly metShare: number;
  readonly ours: readonly EngineFigure[];
  readonly peers: readonly EngineFigure[];
  readonly automatic: readonly EngineFigure[];
}

const cartsCount = 500;
const seed = 20_261_123;

/** @throws when two engines disagree on a cart, or the peers are not installed. */
export async function compareEngines(options: { durationMs: number; rounds: number }): Promise<EngineComparison> {
  const peers = loadPeers(rules);
  const carts = makeCarts(cartsCount, seed);
  const codes = carts.map((cart) => factsWithCodes(rules, cart));
  const prepared = peers.map((peer) => carts.map((cart) => peer.prepare(cart)));

  let met = 0;
  for (const [index, cart] of carts.entries()) {
    const expected = meetRules(rules, cart);
    met += expected.length;
    const answers = new Map([
      ["our traces", traceRules(rules, cart)],
      ["decide", decideCodes(codes[index] as (typeof codes)[number])],
    ]);
    for (const [number, peer] of peers.entries())
      answers.set(peer.name, await peer.run(prepared[number]?.[index] ?? {}));
    for (const [name, answer] of answers) {
      if (answer.join() !== expected.join()) {
        throw new Error(`cart ${index}: our rules say [${expected}], ${name} says [${answer}]`);
      }
    }
  }

  const loops = {
    ours: [
      { name: "tessera, the rules", run: syncLoop(carts, (cart) => meetRules(rules, cart)) },
      { name: "tessera, the rules with traces", run: syncLoop(carts, (cart) => traceRules(rules, cart)) },
      { name: "tessera, decide with 20 codes", run: syncLoop(codes, decideCodes) },
    ],
    peers: peers.map((peer, number) => ({
      name: peer.name,
      run: (durationMs: number) => asyncLoop(peer.callers, prepared[number] ?? [], peer.run, durationMs),
    })),
    automatic: [1, 100, 1_000].map((campaigns) => {
      const of = { EUR: automaticCampaigns(campaigns, "EUR"), CHF: automaticCampaigns(campaigns, "CHF") };
      const facts = carts.map((cart) => factsWithAutomatic(cart.order.currency === "EUR" ? of.EUR : of.CHF, cart));
      return { name: `tessera, decide with ${campaigns} automatic`, run: syncLoop(facts.slice(0, 50), decide) };
    }),
  };
  const all = [...loops.ours, ...loops.peers, ...loops.automatic];
  const figures = new Map(all.map(({ name }) => [name, [] as number[]]));
  for (const { run } of all) await run(options.durationMs);
  // Many short rounds in turn: whatever else the machine does meets all of them alike.
  for (let round = 0; round < options.rounds; round++) {
    for (const { name, run } of all) figures.get(name)?.push(await run(options.durationMs));
  }
  const figuresOf = (group: readonly { name: string }[]) =>
    group.map(({ name }) => ({ name, perSecond: middle(figures.get(name) ?? []) }));
  return {
    carts: carts.length,
    rules: rules.length,
    metShare: met / (carts.length * rules.length),
    ours: figuresOf(loops.ours),
    peers: figuresOf(loops.peers),
    automatic: figuresOf(loops.automatic),
  };
}

function syncLoop<T>(inputs: readonly T[], call: (input: T) => unknown) {
  return async (durationMs: number): Promise<number> => {
    const started = performance.now();
    let calls = 0;
    while (performance.now() - started < durationMs) {
      for (const input of inputs) call(input);
      calls += inputs.length;
    }
    return (calls / (performance.now() - started)) * 1000;
  };
}

async function asyncLoop<T>(
  callers: number,
  inputs: readonly T[],
  call: (input: T) => Promise<unknown>,
  durationMs: number,
): Promise<number> {
  const started = performance.now();
  let calls = 0;
  await Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      for (let next = caller; performance.now() - started < durationMs; next++) {
        await call(inputs[next % inputs.length] as T);
        calls += 1;
      }
    }),
  );
  return (calls / (performance.now() - started)) * 1000;
}

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
