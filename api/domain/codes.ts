/** The codes shoppers type: how they are compared, and how batches of them are made. */

/**
 * The one spelling a code is stored and looked up by: NFKC, trimmed, upper case. Null for what cannot be a code, so
 * that "not a code" and "unknown code" can be answered alike.
 */
export function normalizeCode(text: string): string | null {
  // Longer input is no code; refusing it first keeps normalisation cheap.
  if (text.length > 256) return null;
  const code = text.normalize("NFKC").trim().toUpperCase();
  return /^[A-Z0-9._-]{1,64}$/.test(code) ? code : null;
}

export type Charset = "digits" | "letters" | "mixed";

export interface CodePattern {
  readonly prefix?: string;
  readonly suffix?: string;
  readonly charset: Charset;
  /** Random characters, without prefix and suffix. */
  readonly length: number;
}

// Letters go without I, L and O, and mixed codes without 0 and 1 as well: a shopper who copies a code by hand does not
// know which characters can occur.
const charsets: Readonly<Record<Charset, string>> = {
  digits: "0123456789",
  letters: "ABCDEFGHJKMNPQRSTUVWXYZ",
  mixed: "ABCDEFGHJKMNPQRSTUVWXYZ23456789",
};

/** Bits of entropy of one code: what guessing is up against. */
export function patternBits(pattern: CodePattern): number {
  return pattern.length * Math.log2(charsets[pattern.charset].length);
}

/** How many different codes the pattern has. */
export function patternCapacity(pattern: CodePattern): bigint {
  return BigInt(charsets[pattern.charset].length) ** BigInt(pattern.length);
}

/** Fills a fresh array of so many bytes with randomness; `crypto.randomBytes` is one. */
export type RandomBytes = (size: number) => Uint8Array;

/**
 * A source of codes of the pattern, each character equally likely: bytes beyond the last whole multiple of the
 * charset are thrown away, never folded. Uniqueness is the caller's to enforce. Prefix and suffix are taken as given.
 */
export function codeSource(pattern: CodePattern, randomBytes: RandomBytes): () => string {
  const characters = charsets[pattern.charset];
  const usable = 256 - (256 % characters.length);
  let pool: Uint8Array = new Uint8Array(0);
  let at = 0;
  const nextCharacter = (): string => {
    for (;;) {
      if (at >= pool.length) {
        pool = randomBytes(4096);
        at = 0;
      }
      const byte = pool[at] ?? usable;
      at += 1;
      if (byte < usable) return characters.charAt(byte % characters.length);
    }
  };
  return () => {
    let code = pattern.prefix ?? "";
    for (let count = 0; count < pattern.length; count += 1) code += nextCharacter();
    return code + (pattern.suffix ?? "");
  };
}
