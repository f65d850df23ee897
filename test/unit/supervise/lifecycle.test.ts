import { pino } from "pino";
import { expect, it } from "vitest";
import { createLifecycle } from "../../../api/supervise/lifecycle.ts";
import { keepRunning } from "../../../api/workers.ts";

const log = pino({ level: "silent" });

it("undoes what was started in the opposite order, once", async () => {
  const undone: string[] = [];
  const lifecycle = createLifecycle(log, async (self) => {
    for (const name of ["port", "stores", "workers"]) {
      self.onStop(name, async () => {
        undone.push(name);
      });
    }
  });
  lifecycle.stop(0);
  lifecycle.stop(0);
  expect(await lifecycle.stopped).toBe(0);
  expect(undone).toEqual(["workers", "stores", "port"]);
});

it("waits for a start that is under way, and undoes that too", async () => {
  let proceed: () => void = () => undefined;
  const underWay = new Promise<void>((resolve) => {
    proceed = resolve;
  });
  const undone: string[] = [];
  const lifecycle = createLifecycle(log, async (self) => {
    await underWay;
    self.onStop("late", async () => {
      undone.push("late");
    });
  });
  lifecycle.stop(0);
  proceed();
  await lifecycle.stopped;
  expect(undone).toEqual(["late"]);
});

it("exits 1 and undoes the rest when the start or a step fails", async () => {
  const undone: string[] = [];
  const lifecycle = createLifecycle(log, async (self) => {
    self.onStop("first", async () => {
      undone.push("first");
    });
    self.onStop("second", () => Promise.reject(new Error("stuck")));
    throw new Error("no start");
  });
  expect(await lifecycle.stopped).toBe(1);
  expect(undone).toEqual(["first"]);
});

it("begins a worker's loop again after it failed, until it is told to stop", async () => {
  const abort = new AbortController();
  let runs = 0;
  await keepRunning(
    "loop",
    async () => {
      runs += 1;
      if (runs === 1) throw new Error("the store was away");
      abort.abort();
    },
    log,
    abort.signal,
  );
  expect(runs).toBe(2);
});
