/** What a customer would read. */
import { adapterOf } from "../../channels/adapters.ts";
import type { Preview } from "../../templates/preview.ts";
import { plural, shortened, Text } from "../format.tsx";
import { weightOf } from "../parts/weight.ts";

/**
 * HTML is drawn inside of a frame that may do nothing: run no script, send no form, leave no frame. It has the page's
 * policy, which lets styles of its own through and fetches no picture from anywhere.
 */
export const previewPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; form-action 'self'; " +
  "base-uri 'none'; frame-ancestors 'none'";

const shownMax = 4_000;
/** A frame's text stands in the page: bytes there. */
const htmlMax = 25_000;

export function PreviewParts({ kind, preview }: { kind: string; preview: Preview }) {
  const parts = adapterOf(kind)?.parts ?? [];
  return (
    <div class="preview stack" id="preview">
      {parts.map(({ name, html }) => {
        const text = preview.parts[name];
        if (text === undefined || text === "") return null;
        return (
          <figure>
            <figcaption class="muted small">{html ? "HTML, as a mail program draws it" : name}</figcaption>
            {!html && (
              <div class="note" data-part={name}>
                <bdi>{shortenedLines(text)}</bdi>
              </div>
            )}
            {html && weightOf(text) > htmlMax && (
              <p class="muted">{plural(text.length, "character")}: too long for this page.</p>
            )}
            {html && weightOf(text) <= htmlMax && (
              <iframe title="The message's HTML" sandbox="" srcdoc={text} loading="eager" />
            )}
          </figure>
        );
      })}
      <p class="muted small">
        In {preview.language}
        {preview.variables.length > 0 && (
          <>
            ; speaks of <Text value={preview.variables.join(", ")} max={400} />
          </>
        )}
        .
      </p>
    </div>
  );
}

function shortenedLines(text: string): string {
  return text
    .slice(0, shownMax)
    .split("\n")
    .map((line) => shortened(line, shownMax))
    .join("\n");
}
