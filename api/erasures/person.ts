/**
 * Takes a person out of a document: pure, and the same again on its own result, so that it may be repeated.
 *
 * An identifier may be any text, "7" or "web" too. A short one is replaced only where a document says that it names a
 * customer; one that is long enough to mean nobody else, and addresses and names, are replaced wherever they stand, also
 * inside of longer texts.
 */

export interface Person {
  readonly identifier: string;
  /** E-mail addresses, phone numbers, names: all that were ever known while the erasure was under way. */
  readonly texts: readonly string[];
}

/** Shorter texts are met by chance. */
const distinctiveLength = 6;

/** Fields that name a customer. */
const naming = new Set(["customer", "identifier", "customer_identifier", "customerIdentifier", "referrer"]);
/** Fields that say something about a person wherever they stand. */
const dropped = new Set(["device", "ip", "user_agent", "fingerprint", "email", "phone", "consent", "signals"]);
const emptied = new Set(["attributes", "tags", "metadata", "properties"]);
/** `reason` is what somebody typed; `actual` what a rule saw of the customer. */
const nulled = new Set(["location", "birthday", "reason"]);

/** Longest first: an e-mail address may hold the name. */
function needlesOf(person: Person): string[] {
  return [...new Set([person.identifier, ...person.texts])]
    .filter((text) => text.length >= distinctiveLength)
    .sort((a, b) => b.length - a.length);
}

/** What must stand in a document's text for the person to be in it, any of them. */
export function marksOf(person: Person): string[] {
  return [JSON.stringify(person.identifier), ...needlesOf(person)];
}

export function scrubText(text: string, person: Person, pseudonym: string): string {
  return needlesOf(person).reduce((rest, needle) => rest.replace(wholeWord(needle), pseudonym), text);
}

/** Not inside of a longer word: "customer-1" is somebody else than "customer-10". */
function wholeWord(needle: string): RegExp {
  const escaped = needle.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
  return new RegExp(`(?<![\\p{L}\\p{N}_])${escaped}(?![\\p{L}\\p{N}_])`, "giu");
}

/** Of JSON: the same shape without the person. */
function scrub(value: unknown, person: Person, pseudonym: string, field = ""): unknown {
  if (typeof value === "string") {
    if (naming.has(field)) return value === person.identifier ? pseudonym : value;
    return scrubText(value, person, pseudonym);
  }
  if (Array.isArray(value)) return value.map((inner) => scrub(inner, person, pseudonym, field));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).flatMap(([key, inner]) => {
    const name = scrubText(key, person, pseudonym);
    if (dropped.has(key)) return [];
    if (emptied.has(key) && typeof inner === "object" && inner !== null) return [[name, {}] as const];
    if (nulled.has(key)) return [[name, null] as const];
    if (key === "actual" && typeof inner !== "number") return [[name, null] as const];
    if (key === "trace") return [[name, []] as const];
    if (key === "name" && "identifier" in value) return [[name, null] as const];
    return [[name, scrub(inner, person, pseudonym, key)] as const];
  });
  return Object.fromEntries(entries);
}

/**
 * Whether a document speaks of the person at all: one that was found by a part of a text may be about a neighbour, whose
 * name begins alike, and is the neighbour's to keep.
 */
export function mentions(value: unknown, person: Person, field = ""): boolean {
  if (typeof value === "string") {
    if (naming.has(field)) return value === person.identifier;
    return needlesOf(person).some((needle) => wholeWord(needle).test(value));
  }
  if (Array.isArray(value)) return value.some((inner) => mentions(inner, person, field));
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(([key, inner]) => mentions(key, person) || mentions(inner, person, key));
}

/** Of JSON text; a text that is none is scrubbed as a text. */
export function scrubJson(text: string, person: Person, pseudonym: string): string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return scrubText(text, person, pseudonym);
  }
  return JSON.stringify(scrub(value, person, pseudonym));
}
