import { Notice } from "../layout.tsx";

/**
 * What was just done, as the address says after a form led here: `?done=created`. Texts are the page's own: what stands in
 * the address is never shown.
 */
export function Done(props: { done: string | undefined; texts: Readonly<Record<string, string>> }) {
  const text = props.done !== undefined && Object.hasOwn(props.texts, props.done) ? props.texts[props.done] : undefined;
  return text === undefined ? null : <Notice tone="good">{text}</Notice>;
}
