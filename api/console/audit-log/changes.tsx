/** What an entry of the audit log says changed: field by field, before and after. */
import type { AuditEntryWire } from "../../audit-log/schemas.ts";
import { Text } from "../format.tsx";

interface Change {
  readonly field: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** Fields that only say which thing it is stand on both sides alike: they are no change. */
export function changesOf({ before, after }: AuditEntryWire): Change[] {
  const fields = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])].sort();
  const all = fields.map((field) => ({ field, before: textOf(before?.[field]), after: textOf(after?.[field]) }));
  // Of something made or deleted everything is told; that an address changed is told although it is not said to what.
  if (before === null || after === null) return all;
  return all.filter((change) => change.before !== change.after || change.before === "(personal)");
}

/** For a list: without ids, and without what was given no value. */
export function tellingOf(entry: AuditEntryWire): Change[] {
  return changesOf(entry).filter(
    ({ field, before, after }) => field !== "id" && ![before, after].every((text) => (text ?? "") === ""),
  );
}

function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value) && value.every((one) => typeof one !== "object")) return value.join(", ");
  if (typeof value === "object" && Object.keys(value).length === 0) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

interface Props {
  readonly changes: readonly Change[];
  /** How many fields, and how much of each value. */
  readonly fieldsMax: number;
  readonly textMax: number;
}

export function Changes({ changes, fieldsMax, textMax }: Props) {
  if (changes.length === 0) return <span class="muted">nothing that is shown</span>;
  return (
    <ul class="changes">
      {changes.slice(0, fieldsMax).map(({ field, before, after }) => (
        <li>
          <span class="muted">{field.replaceAll("_", " ")}:</span>{" "}
          {before !== undefined && (
            <del>
              <Text value={before} max={textMax} />
            </del>
          )}
          {before !== undefined && after !== undefined && <span aria-hidden="true"> → </span>}
          {after !== undefined && (
            <ins>
              <Text value={after} max={textMax} />
            </ins>
          )}
        </li>
      ))}
      {changes.length > fieldsMax && <li class="muted">{`and ${changes.length - fieldsMax} more`}</li>}
    </ul>
  );
}
