/** Which of a rule's messages a shopper reads. */

interface Worded {
  readonly message?: string;
  readonly messages?: Readonly<Record<string, string>>;
}

/**
 * The first of the shopper's languages that the rule has, each looked up as RFC 4647 section 3.4 does ("de-AT", then
 * "de"), by any case; else the rule's one message. Undefined when it has none.
 */
export function ownMessage({ message, messages }: Worded, languages: readonly string[] = []): string | undefined {
  if (messages === undefined) return message;
  const byTag = new Map(Object.entries(messages).map(([tag, text]) => [tag.toLowerCase(), text]));
  for (const language of languages) {
    for (let tag = language.toLowerCase(); tag !== ""; tag = shortened(tag)) {
      const text = byTag.get(tag);
      if (text !== undefined) return text;
    }
  }
  return message;
}

/** Without its last subtag, and without a single letter that would then be the last. */
function shortened(tag: string): string {
  const shorter = tag.slice(0, Math.max(0, tag.lastIndexOf("-")));
  return shorter.at(-2) === "-" ? shorter.slice(0, -2) : shorter;
}
