import { describe, expect, it } from "vitest";
import { MicroBatch } from "../../../api/db/micro-batch.ts";

/** A run that waits until it is let go, and remembers what went out together. */
function held() {
  const batches: number[][] = [];
  const gates: (() => void)[] = [];
  const run = (items: readonly number[]) =>
    new Promise<number[]>((resolve) => {
      batches.push([...items]);
      gates.push(() => resolve(items.map((item) => item * 10)));
    });
  const open = async () => {
    gates.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { batches, run, open };
}

describe("a micro batch", () => {
  it("sends a lone call at once and collects what comes meanwhile", async () => {
    const { batches, run, open } = held();
    const batch = new MicroBatch(run, { lanes: 1, max: 3 });
    const answers = Promise.all([1, 2, 3, 4, 5].map((item) => batch.submit(item)));
    expect(batches).toEqual([[1]]);
    await open();
    expect(batches).toEqual([[1], [2, 3, 4]]);
    await open();
    await open();
    expect(batches).toEqual([[1], [2, 3, 4], [5]]);
    expect(await answers).toEqual([10, 20, 30, 40, 50]);
  });

  it("never sends two of one name together, and loses neither", async () => {
    const { batches, run, open } = held();
    const batch = new MicroBatch(run, { lanes: 1, max: 10, nameOf: (item) => String(item % 2) });
    const answers = Promise.all([1, 2, 3, 4].map((item) => batch.submit(item)));
    for (let opened = 0; opened < 4; opened++) await open();
    expect(batches).toEqual([[1], [2, 3], [4]]);
    expect(await answers).toEqual([10, 20, 30, 40]);
  });

  it("sends each alone when they fail together, so that only the bad one fails", async () => {
    const sent: number[][] = [];
    const batch = new MicroBatch(
      async (items: readonly number[]) => {
        sent.push([...items]);
        if (items.includes(3)) throw new Error("three");
        return items;
      },
      { lanes: 1, max: 10 },
    );
    const outcomes = await Promise.allSettled([1, 2, 3, 4].map((item) => batch.submit(item)));
    expect(outcomes.map((outcome) => outcome.status)).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled"]);
    expect(sent).toEqual([[1], [2, 3, 4], [2], [3], [4]]);
  });

  it("fails together, after one more try, when the store was away", async () => {
    const sent: number[][] = [];
    const batch = new MicroBatch(
      async (items: readonly number[]) => {
        sent.push([...items]);
        if (sent.length > 1) throw new Error("away");
        return items;
      },
      { lanes: 1, max: 10, wasAway: () => true },
    );
    const outcomes = await Promise.allSettled([1, 2, 3].map((item) => batch.submit(item)));
    expect(outcomes.map((outcome) => outcome.status)).toEqual(["fulfilled", "rejected", "rejected"]);
    expect(sent).toEqual([[1], [2, 3], [2, 3]]);
  });

  it("goes on after a failure", async () => {
    let fails = true;
    const batch = new MicroBatch(
      async (items: readonly number[]) => {
        if (fails) throw new Error("down");
        return items;
      },
      { lanes: 1, max: 10 },
    );
    await expect(batch.submit(1)).rejects.toThrow("down");
    fails = false;
    expect(await batch.submit(2)).toBe(2);
  });
});
