import type { Child } from "hono/jsx";

interface HeadProps {
  /** Where one came from. */
  readonly up?: { readonly to: string; readonly name: string };
  readonly title: Child;
  /** Beside the title: badges. */
  readonly beside?: Child;
  readonly text?: Child;
  /** Buttons and links. */
  readonly children?: Child;
}

/** The top of a page. */
export function Head(props: HeadProps) {
  return (
    <>
      {props.up && (
        <p class="crumb">
          <a href={props.up.to} data-up>{`← ${props.up.name}`}</a>
        </p>
      )}
      <div class="head">
        <div>
          <h1>{props.title}</h1>
          {props.beside && <div class="row beside">{props.beside}</div>}
          {props.text && <p>{props.text}</p>}
        </div>
        {props.children && <div class="row">{props.children}</div>}
      </div>
    </>
  );
}
