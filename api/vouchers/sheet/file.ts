/** A sheet as a file that is sent while it is drawn, and drawn only as fast as it is taken. */
import { setImmediate as pause } from "node:timers/promises";
import { drawLabel, type Label, newSheet } from "./draw.ts";
import type { SheetLayout } from "./schemas.ts";

/** Drawing takes milliseconds a label of the one thread that also validates codes: all sheets share one turn. */
let turn: Promise<unknown> = Promise.resolve();

function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const mine = turn.then(work);
  turn = mine.catch(() => undefined);
  return mine;
}

/** @param labels a block at a time; undefined after the last. */
export function sheetFile(
  layout: SheetLayout,
  title: string,
  now: Date,
  labels: () => Promise<readonly Label[] | undefined>,
): ReadableStream<Uint8Array> {
  const doc = newSheet(layout, title, now);
  let position = 0;
  let ended = false;
  let left = false;
  const drawNext = async (): Promise<void> => {
    const block = await labels();
    if (block === undefined) {
      // A file without a page is none.
      if (position === 0) doc.addPage();
      ended = true;
      doc.end();
      return;
    }
    for (const label of block) {
      if (left) return;
      drawLabel(doc, layout, position++, label);
      // Requests that wait have their turn after every label.
      await pause();
    }
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        for (;;) {
          const chunk = doc.read() as Buffer | null;
          if (chunk !== null) return controller.enqueue(new Uint8Array(chunk));
          if (ended || left) return controller.close();
          await inTurn(drawNext);
        }
      },
      cancel() {
        left = true;
      },
    },
    { highWaterMark: 1 },
  );
}
