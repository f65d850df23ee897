import { LRUCache } from "lru-cache";

const attemptsMax = 10;
const windowMs = 60_000;

/**
 * Slows down who tries keys at the sign-in page. Keys are 256-bit random, so this guards the log and the database, not
 * the keys; hence a count in each process is enough.
 */
export class FailedAttempts {
  readonly #counts = new LRUCache<string, number>({ max: 10_000, ttl: windowMs, noUpdateTTL: true });

  /** Seconds until this address may try again; undefined when it may now. */
  waitSeconds(address: string): number | undefined {
    if ((this.#counts.get(address) ?? 0) < attemptsMax) return undefined;
    return Math.max(1, Math.ceil(this.#counts.getRemainingTTL(address) / 1000));
  }

  add(address: string): void {
    this.#counts.set(address, (this.#counts.get(address) ?? 0) + 1);
  }
}
