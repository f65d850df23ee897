/** What the API says of a pointer finds its field also where a form has one field for many values: lines of a text, say. */
import type { Sheet } from "./sheet.ts";

/** @param fields the names of the form's fields */
export function atFields(sheet: Sheet, fields: readonly string[]): Sheet {
  const faults = new Map<string, string>();
  for (const [name, fault] of sheet.faults) {
    const field = nearest(name, fields);
    const inside = field !== undefined && name.startsWith(`${field}.`) ? name.slice(field.length + 1) : undefined;
    const words =
      inside === undefined ? fault : `${/^\d+$/.test(inside) ? `no. ${Number(inside) + 1}` : inside}: ${fault}`;
    if (!faults.has(field ?? name)) faults.set(field ?? name, words);
  }
  return { ...sheet, faults };
}

/** The field itself, the longest that it is inside of, or the first inside of it. */
function nearest(name: string, fields: readonly string[]): string | undefined {
  const around = fields.filter((field) => field === name || name.startsWith(`${field}.`));
  if (around.length > 0) return around.reduce((one, other) => (other.length > one.length ? other : one));
  return fields.find((field) => field.startsWith(`${name}.`));
}
