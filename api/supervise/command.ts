/** The life of a long-running command: from its first message to its exit code. */
import type { Logger } from "pino";
import { WarehouseTooNew } from "../../warehouse/migrate.ts";
import { BackupDamaged } from "../backup/checksums.ts";
import { BackupRefused } from "../backup/manifest.ts";
import { ConfigError } from "../config.ts";
import { EmbeddedPostgresError } from "../db/embedded.ts";
import { MigrationError } from "../db/migrate.ts";
import { complain, say } from "./banner.ts";
import { createLifecycle, type Lifecycle } from "./lifecycle.ts";
import { PortError } from "./listener.ts";
import { DataDirLockedError } from "./lock.ts";
import { DataTooNew } from "./release.ts";
import { RestoreUnfinished } from "./unfinished.ts";

export interface Command {
  readonly log: Logger;
  readonly flush: () => void;
  readonly start: (lifecycle: Lifecycle, onDeath: (message: string) => void) => Promise<void>;
  /** Registers further reasons to stop in order. */
  readonly watch?: (stop: () => void) => void;
  /** Says in the terminal what happens; a part in a container only logs. */
  readonly talk: boolean;
}

const echoMs = 700;

/**
 * Runs until SIGTERM, SIGINT or a failure, and then ends the process: 0 after an orderly stop, 1 after a failure, 130
 * when a second signal cut the stop short (the guardians stop the stores all the same).
 */
export async function runCommand(command: Command): Promise<never> {
  const { log, talk } = command;
  const fail = (message: string, error?: unknown) => {
    log.fatal({ err: error }, message);
    complain(message);
    lifecycle.stop(1);
  };
  const lifecycle = createLifecycle(log, async (self) => {
    try {
      await command.start(self, fail);
    } catch (error) {
      if (self.signal.aborted) return;
      fail(explain(error), error);
    }
  });
  let askedAt = 0;
  const asked = (reason: string) => {
    // One Ctrl-C reaches this process twice: from the terminal, and passed on by npm.
    if (Date.now() - askedAt < echoMs) return;
    askedAt = Date.now();
    if (lifecycle.signal.aborted) {
      command.flush();
      process.exit(130);
    }
    log.info({ reason }, "stopping");
    if (talk) say("Stopping; once more to stop at once.");
    lifecycle.stop(0);
  };
  process.on("SIGINT", () => asked("SIGINT"));
  process.on("SIGTERM", () => asked("SIGTERM"));
  process.on("SIGHUP", () => asked("SIGHUP"));
  process.on("uncaughtException", (error) => fail(`Unexpected: ${error.message}`, error));
  process.on("unhandledRejection", (reason) => fail(`Unexpected: ${explain(reason)}`, reason));
  // A reader of our output that went away (`npm start | head`) is no reason to stop.
  process.stdout.on("error", () => undefined);
  process.stderr.on("error", () => undefined);
  command.watch?.(() => asked("the command that started this has gone"));

  const code = await lifecycle.stopped;
  if (talk && code === 0) say("Stopped.");
  command.flush();
  process.exit(code);
}

/** What the operator can mend is a message; anything else shows where it came from. */
export function explain(error: unknown): string {
  const expected = [
    ...[ConfigError, DataDirLockedError, PortError, EmbeddedPostgresError, MigrationError, WarehouseTooNew],
    ...[DataTooNew, RestoreUnfinished, BackupDamaged, BackupRefused],
  ];
  if (expected.some((kind) => error instanceof kind)) return (error as Error).message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
