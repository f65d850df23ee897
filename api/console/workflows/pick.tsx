/** One of the project's things: chosen from a list, or where there are many of them typed by name, with suggestions. */
import { shortened } from "../format.tsx";
import { SelectField, TextField } from "../parts/fields.tsx";
import type { Sheet } from "../parts/sheet.ts";
import { first } from "../rules/nested.ts";
import { type Choices, type Kind, namesById } from "./choices.ts";

interface PickProps {
  readonly sheet: Sheet;
  readonly choices: Choices;
  readonly kind: Kind;
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
  /** What is shown next depends on it. */
  readonly refresh?: boolean;
}

const none = { value: "", name: "–" };

export function Pick({ choices, kind, ...props }: PickProps) {
  if (choices.typed.has(kind)) {
    return <TextField {...props} list={`all-${kind}`} required hint={props.hint ?? "By its name."} />;
  }
  const options = choices[kind].map(({ id, name }) => ({ value: id, name: shortened(name, 80) }));
  const chosen = first(props.sheet.typed ?? {}, props.name);
  // One that is archived since, or of another kind, goes by its name as long as it is there.
  const gone = chosen === "" || options.some(({ value }) => value === chosen) ? [] : [chosen];
  const kept = gone.map((id) => ({ value: id, name: shortened(namesById(choices).get(id) ?? id, 80) }));
  return <SelectField {...props} required options={[none, ...kept, ...options]} />;
}

/** The suggestions, once for the whole form. */
export function Suggestions({ choices }: { choices: Choices }) {
  return (
    <>
      {[...choices.typed].map((kind) => (
        <datalist id={`all-${kind}`}>
          {suggested(choices[kind].map(({ name }) => name)).map((name) => (
            <option value={name} />
          ))}
        </datalist>
      ))}
    </>
  );
}

/** Of all suggestions of a kind: names may be long, and the page is to stay light. */
const charactersMax = 2_000;

function suggested(names: readonly string[]): string[] {
  let room = charactersMax;
  return names.filter((name) => {
    room -= name.length;
    return room >= 0;
  });
}
