/**
 * Seals credentials of others' services, so that who reads the database or a backup of it cannot use them: AES-256-GCM
 * (NIST SP 800-38D) with a random nonce. What a text belongs to is sealed in: moved to another row it does not open.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";

export interface Sealer {
  /** @param place what the text belongs to, "prj_…/chn_…" say. */
  seal(text: string, place: string): Buffer;
  /** @throws SealError */
  open(sealed: Buffer, place: string): string;
}

/** Says which of the two it is; never what was sealed. */
export class SealError extends Error {}

/** @param keys 32 bytes each: the first seals, each opens what it sealed. */
export function createSealer(keys: readonly Buffer[]): Sealer {
  const ring = keys.map((key) => ({ key, id: keyIdOf(key) }));
  const [current] = ring;
  if (current === undefined || keys.some((key) => key.length !== keyBytes)) throw new Error("no key of 32 bytes");
  return {
    seal(text, place) {
      const nonce = randomBytes(nonceBytes);
      const head = Buffer.concat([Buffer.from([formatVersion]), current.id, nonce]);
      const cipher = createCipheriv("aes-256-gcm", current.key, nonce).setAAD(bindingOf(head, place));
      const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
      return Buffer.concat([head, cipher.getAuthTag(), body]);
    },
    open(sealed, place) {
      const head = sealed.subarray(0, headBytes);
      if (sealed.length < headBytes + tagBytes || head[0] !== formatVersion) throw new SealError("not a sealed text");
      const id = head.subarray(1, 1 + keyIdBytes);
      const known = ring.find((each) => each.id.equals(id));
      if (known === undefined) throw new SealError("sealed with a key that this process does not have");
      const decipher = createDecipheriv("aes-256-gcm", known.key, head.subarray(1 + keyIdBytes))
        .setAAD(bindingOf(head, place))
        .setAuthTag(sealed.subarray(headBytes, headBytes + tagBytes));
      try {
        return decipher.update(sealed.subarray(headBytes + tagBytes), undefined, "utf8") + decipher.final("utf8");
      } catch {
        throw new SealError("the sealed text was changed, or belongs elsewhere");
      }
    },
  };
}

export const keyBytes = 32;
const formatVersion = 1;
const keyIdBytes = 4;
const nonceBytes = 12;
const tagBytes = 16;
const headBytes = 1 + keyIdBytes + nonceBytes;

/** Tells keys apart and gives nothing of them away. */
function keyIdOf(key: Buffer): Buffer {
  return createHash("sha256").update("tessera key id").update(key).digest().subarray(0, keyIdBytes);
}

function bindingOf(head: Buffer, place: string): Buffer {
  return Buffer.concat([head, Buffer.from(place, "utf8")]);
}
