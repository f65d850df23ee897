/** What is wrong with a definition somebody sent: where (a JSON pointer inside it) and what, in a sentence. */
export interface Issue {
  readonly pointer: string;
  readonly detail: string;
}
