/** Lists: a table that becomes cards on a phone, and the way to the next page of it. */
import type { Child } from "hono/jsx";

interface Column<T> {
  readonly name: string;
  readonly cell: (row: T) => Child;
  /** Figures stand right. */
  readonly right?: boolean;
  /** It takes what room there is. */
  readonly main?: boolean;
}

interface TableProps<T> {
  /** What it lists, for whoever does not see it. */
  readonly caption: string;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  /** Instead of a table without rows. */
  readonly empty: Child;
}

export function Table<T>(props: TableProps<T>) {
  if (props.rows.length === 0) return <>{props.empty}</>;
  return (
    <div class="scroll">
      <table class="cards">
        <caption class="hidden-text">{props.caption}</caption>
        <thead>
          <tr>
            {props.columns.map((column) => (
              <th scope="col" class={column.right ? "right" : undefined}>
                {column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {props.rows.map((row) => (
            <tr>
              {props.columns.map((column) => (
                <td
                  class={column.right ? "right number" : column.main ? "main" : undefined}
                  // On a phone the heads of columns are gone, and each cell says what it is.
                  data-label={column.main ? undefined : column.name}
                >
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** @param query what the list was asked for, without the cursor. */
export function listAddress(path: string, query: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  const text = new URLSearchParams(given as [string, string][]).toString();
  return text === "" ? path : `${path}?${text}`;
}

interface PagerProps {
  readonly path: string;
  readonly query: Readonly<Record<string, string | undefined>>;
  /** Whether this is a later page. */
  readonly cursor: string | undefined;
  readonly next: string | null;
}

/** Lists go forward only, as the API's do: to the next page, and back to the first. */
export function Pager(props: PagerProps) {
  const { path, query, cursor, next } = props;
  if (next === null && cursor === undefined) return null;
  return (
    <nav class="pager" aria-label="Pages">
      {cursor !== undefined && (
        <a class="button" href={listAddress(path, query)}>
          First page
        </a>
      )}
      {next !== null && (
        <a class="button" href={listAddress(path, { ...query, cursor: next })} rel="next">
          Next page
        </a>
      )}
    </nav>
  );
}
