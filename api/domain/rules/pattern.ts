/**
 * Patterns that tenants write, on a linear-time engine: no pattern and no text can make a request slow. What is kept
 * is bounded in number and in bytes, whatever is asked.
 */
import { RE2JS, RE2Set } from "re2js";

const patternLengthMax = 200;
/** What `a{498}` comes to. */
const programSizeMax = 500;
const textLengthMax = 1_000;
const keptMax = 500;
const bytesMax = 128 * 1024;

type Search = (text: string) => boolean;

const kept = new Map<string, Search>();

/** Whether the pattern occurs anywhere in the text. */
export function found(pattern: string, text: string): boolean {
  if (text.length > textLengthMax) return false;
  let search = kept.get(pattern);
  if (search === undefined) {
    search = compile(pattern);
    // The oldest goes first. Who uses more patterns than are kept compiles some again, which is slow but right.
    if (kept.size >= keptMax) kept.delete(kept.keys().next().value ?? "");
    kept.set(pattern, search);
  }
  return search(text);
}

/** Only sets let their memory be bounded; a set of one pattern is a pattern. One that cannot be read matches nothing. */
function compile(pattern: string): Search {
  if (checkPattern(pattern) !== null) return () => false;
  const set = new RE2Set(RE2Set.UNANCHORED, 0, bytesMax);
  set.add(pattern);
  set.compile();
  return (text) => set.match(text).length > 0;
}

/** What is wrong with it, as the end of "value …"; null when nothing is. */
export function checkPattern(pattern: string): string | null {
  if (pattern === "" || pattern.length > patternLengthMax) {
    return `must be a pattern of 1 to ${patternLengthMax} characters`;
  }
  try {
    const size = RE2JS.compile(pattern).programSize();
    return size <= programSizeMax ? null : "is too large a pattern: repeat less";
  } catch (error) {
    const detail = error instanceof Error ? error.message.replace(/^error parsing regexp: /, "") : "unreadable";
    return `must be a pattern in RE2 syntax: ${detail.slice(0, 150)}`;
  }
}
