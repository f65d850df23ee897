/** Puts together orders that come as one line an item: lines that follow each other with the same order's columns. */
import type { UploadedRow } from "../http/row-stream.ts";
import { fromColumns, splitLine } from "./columns.ts";
import type { StagedRow } from "./rows.ts";

/** An order may have so many lines; one more shows that it has too many. */
const itemsMax = 501;
/** As large as an order over the API. */
const bytesMax = 256 * 1024;

interface OpenOrder {
  readonly line: number;
  readonly order: string;
  readonly items: string[];
  readonly lines: number[];
  bytes: number;
  last: number;
  fault: string | null;
}

export class FlatOrders {
  #open: OpenOrder | null = null;

  /** The orders that these lines end. An order is over when a line says something else of its order. */
  add(rows: readonly UploadedRow[]): StagedRow[] {
    const done: StagedRow[] = [];
    for (const row of rows) {
      if (row.content === undefined) {
        done.push({ line: row.line, content: null, fault: row.fault, item_lines: null });
        continue;
      }
      const { order, item } = splitLine(fromColumns("orders", row.content));
      const head = JSON.stringify(order);
      if (this.#open?.order !== head) {
        done.push(...this.end());
        this.#open = { line: row.line, order: head, items: [], lines: [], bytes: 0, last: row.line - 1, fault: null };
      }
      this.#append(row.line, JSON.stringify(item ?? null));
    }
    return done;
  }

  #append(line: number, item: string): void {
    const open = this.#open;
    if (open === null) return;
    if (line !== open.last + 1)
      open.fault ??= `Line ${open.last + 1}, within this order, is empty or could not be read.`;
    open.last = line;
    if (open.items.length === itemsMax || open.fault !== null) return;
    open.bytes += item.length;
    if (open.bytes > bytesMax) {
      open.fault = `The order is larger than ${bytesMax} bytes.`;
      return;
    }
    open.items.push(item);
    open.lines.push(line);
  }

  /** The order that is still open. */
  end(): StagedRow[] {
    const open = this.#open;
    this.#open = null;
    if (open === null) return [];
    if (open.fault !== null) return [{ line: open.line, content: null, fault: open.fault, item_lines: null }];
    const items = `"items":[${open.items.join(",")}]`;
    const content = open.order === "{}" ? `{${items}}` : `${open.order.slice(0, -1)},${items}}`;
    return [{ line: open.line, content, fault: null, item_lines: open.lines }];
  }
}
