const call = /^select\s+\*\s+from\s+(\w+\.\w+)\s*(?:\(([\s\S]*)\))?$/i;
const parameter = /\s*(\w+)\s*:=\s*'((?:[^']|'')*)'\s*(?:,|$)/gy;
const wrapped = /^select\s+(?:"[^"]*"\.)?\*\s+from\s+\(([\s\S]*)\)\s+as\s+"inputQuery-[^"]*"$/i;

/**
 * Takes apart what Evidence sends: the query of a page, inside the selection that Evidence puts around it, and that
 * once more inside a question for its columns or its count.
 *
 * @param {string} sql
 * @returns {{ what: "rows" | "columns" | "count", table: string, parameters: Record<string, string> }}
 * @throws Error for anything but one table
 */
export function parseQuery(sql) {
  let text = sql.replace(/^\s*--.*$/gm, "").trim();
  /** @type {"rows" | "columns" | "count"} */
  let what = "rows";
  const counted = /^select\s+count\(\*\)\s+as\s+rowCount\s+from\s+\(([\s\S]*)\)$/i.exec(text);
  if (counted) {
    what = "count";
    text = counted[1].trim();
  } else if (/^describe\s/i.test(text)) {
    what = "columns";
    text = text.slice("describe".length).trim();
  }
  text = (wrapped.exec(text)?.[1] ?? text).trim();
  const found = call.exec(text);
  if (!found) {
    throw new Error(
      `A page reads whole tables: select * from warehouse.<table>(name := 'value', …). Put other SQL into dashboards/sources/warehouse. This cannot be read: ${text.slice(0, 200)}`,
    );
  }
  return { what, table: found[1], parameters: parseParameters(found[2] ?? "") };
}

function parseParameters(text) {
  const values = {};
  let end = 0;
  for (const match of text.matchAll(parameter)) {
    values[match[1]] = match[2].replaceAll("''", "'");
    end = match.index + match[0].length;
  }
  if (text.slice(end).trim() !== "")
    throw new Error(`These are no parameters: ${text.slice(end).trim().slice(0, 200)}`);
  return values;
}
