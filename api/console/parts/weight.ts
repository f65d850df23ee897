/** How many bytes a text takes in a page, at most: marks are written out there, and letters of other scripts have several. */
export function weightOf(text: string): number {
  return Buffer.byteLength(text) + 5 * (text.match(/[<>&"']/g)?.length ?? 0);
}
