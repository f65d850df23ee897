/** A log of JSON lines in a file that cannot grow for ever. */
import { renameSync, statSync } from "node:fs";
import { destination, type Logger, pino } from "pino";
import { logOptions } from "./log-options.ts";

const sizeMax = 100 * 1024 * 1024;
const checkEveryMs = 30_000;

export interface LogFile {
  readonly log: Logger;
  /** Writes out what is buffered. */
  flush(): void;
}

/** Beyond 100 MB the file is put aside as `<file>.1`, over the one before it: two at most are kept. */
export function openLogFile(file: string, level: string): LogFile {
  // Opened at once, so that a start that fails early is logged too; written 8 KB at a time.
  const sink = destination({ dest: file, mkdir: true, sync: true, minLength: 8_192, periodicFlush: 500, mode: 0o600 });
  const rotate = () => {
    try {
      if (statSync(file).size < sizeMax) return;
      renameSync(file, `${file}.1`);
      sink.reopen();
    } catch {
      // The disk's trouble is not the service's: it goes on with the file it has.
    }
  };
  rotate();
  setInterval(rotate, checkEveryMs).unref();
  return { log: pino(logOptions(level, {}), sink), flush: () => sink.flushSync() };
}
