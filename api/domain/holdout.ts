/** Which customers a campaign leaves out to measure what it causes. The warehouse does the same in SQL: `campaign_arms`. */

/**
 * MurmurHash3_x86_32 over UTF-8, by Austin Appleby, public domain
 * (https://github.com/aappleby/smhasher/blob/master/src/MurmurHash3.cpp). Chosen because it mixes short ids well and
 * is small enough to be written again in SQL by an analyst.
 */
export function murmur3(text: string, seed = 0): number {
  const bytes = new TextEncoder().encode(text);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const blocks = bytes.length - (bytes.length % 4);
  let hash = seed;
  for (let at = 0; at < blocks; at += 4) {
    hash ^= scramble(view.getUint32(at, true));
    hash = (Math.imul(rotateLeft(hash, 13), 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let at = bytes.length - 1; at >= blocks; at -= 1) tail = (tail << 8) | (bytes[at] ?? 0);
  if (bytes.length > blocks) hash ^= scramble(tail);
  return finish(hash ^ bytes.length);
}

function scramble(block: number): number {
  return Math.imul(rotateLeft(Math.imul(block, 0xcc9e2d51), 15), 0x1b873593);
}

function rotateLeft(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}

function finish(value: number): number {
  let hash = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/**
 * Where a customer stands in a campaign's lottery, 0 to 99.99: the same for ever, and independent between campaigns.
 * The separator keeps ("ab", "c") and ("a", "bc") apart.
 */
export function holdoutBucket(campaignId: string, customerIdentifier: string): number {
  return (murmur3(`${campaignId}\u0000${customerIdentifier}`) % 10_000) / 100;
}

/** Everything that withholds a campaign asks this: of the campaign's own holdout, and of the global one. */
export function isWithheld(
  campaign: { readonly id: string; readonly holdoutPercent: number },
  customer: { readonly identifier: string; readonly inGlobalHoldout: boolean },
): boolean {
  return customer.inGlobalHoldout || isHeldOut(campaign.id, customer.identifier, campaign.holdoutPercent);
}

/** From these customers every campaign of the project is withheld. */
export function isInGlobalHoldout(projectId: string, customerIdentifier: string, holdoutPercent: number): boolean {
  return isHeldOut(projectId, customerIdentifier, holdoutPercent);
}

export function isHeldOut(campaignId: string, customerIdentifier: string, holdoutPercent: number): boolean {
  // Most campaigns hold nobody out, and a decision may look at a thousand.
  return holdoutPercent > 0 && holdoutBucket(campaignId, customerIdentifier) < holdoutPercent;
}
