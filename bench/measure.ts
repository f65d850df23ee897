/** Closed loops: every caller starts its next call when the last one has ended. */

export interface Measurement {
  readonly calls: number;
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

export interface LoopOptions {
  readonly callers: number;
  /** How long calls are started, in milliseconds. */
  readonly durationMs: number;
}

/** @param call one call by one caller; whatever it throws ends the measurement. */
export async function closedLoop(options: LoopOptions, call: (caller: number) => Promise<void>): Promise<Measurement> {
  const latencies: number[] = [];
  const started = performance.now();
  const end = started + options.durationMs;
  await Promise.all(
    Array.from({ length: options.callers }, async (_, caller) => {
      for (let before = performance.now(); before < end; ) {
        await call(caller);
        const after = performance.now();
        latencies.push(after - before);
        before = after;
      }
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  latencies.sort((a, b) => a - b);
  const quantile = (q: number) => latencies[Math.min(latencies.length - 1, Math.floor(q * latencies.length))] ?? 0;
  return { calls: latencies.length, perSecond: latencies.length / seconds, p50: quantile(0.5), p99: quantile(0.99) };
}

/** The measurement in the middle, by calls a second. */
export function median(measurements: readonly Measurement[]): Measurement {
  const sorted = [...measurements].sort((a, b) => a.perSecond - b.perSecond);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new Error("nothing was measured");
  return middle;
}
