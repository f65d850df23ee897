/** What a schema says about a value, in words for whoever typed it. What is not known here stays as it is. */

const phrases: readonly (readonly [RegExp, (match: RegExpExecArray) => string])[] = [
  [/^Too small: expected (?:string|array|set) to have >=1 /, () => "Please fill this in."],
  [/^Too small: expected string to have >=(\d+) /, ([, least]) => `At least ${least} characters, please.`],
  [/^Too big: expected string to have <=(\d+) /, ([, most]) => `At most ${most} characters, please.`],
  [
    /^Too (?:small|big): expected array to have ([<>])=(\d+) /,
    ([, way, n]) => `At ${way === "<" ? "most" : "least"} ${n}, please.`,
  ],
  [/^Too small: expected \w+ to be >=(-?[\d.]+)/, ([, least]) => `At least ${least}, please.`],
  [/^Too small: expected \w+ to be >(-?[\d.]+)/, ([, than]) => `More than ${than}, please.`],
  [/^Too big: expected \w+ to be <=(-?[\d.]+)/, ([, most]) => `At most ${most}, please.`],
  [/^Invalid input: expected \w+, received undefined/, () => "Please fill this in."],
  [/^Invalid input: expected int/, () => "A whole number, please."],
  [/^Invalid input: expected number/, () => "A number, please."],
  [/^must be a whole number$/, () => "A whole number, or an amount such as 12.50, please."],
  [/^must be a boolean, a number, a text/, () => "Please fill this in."],
  [/^Invalid option/, () => "Please choose one of these."],
];

export function plainFault(detail: string): string {
  for (const [pattern, say] of phrases) {
    const match = pattern.exec(detail);
    if (match) return say(match);
  }
  const text = `${detail.slice(0, 1).toUpperCase()}${detail.slice(1)}`;
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
