/** Calls that come while others are under way go out together: one statement and one commit for many. */

export interface BatchOptions<In> {
  /** How many batches may be under way at once. */
  readonly lanes: number;
  /** The most that goes out together. */
  readonly max: number;
  /** Two with the same name never go out together. */
  readonly nameOf?: (item: In) => string;
  /** Whether an error says nothing about the items: the store was away. */
  readonly wasAway?: (error: unknown) => boolean;
}

interface Waiting<In, Out> {
  readonly item: In;
  readonly resolve: (out: Out) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Nobody waits for a timer: a batch is whatever came while the ones before it were under way, so a lone caller's call
 * goes out at once. When a batch of several fails as a whole, each goes out again alone, so that none can hurt another.
 * When the store was away, the batch goes out once more and fails together: asking for each alone would wait for each.
 * `run` must be safe to repeat.
 */
export class MicroBatch<In, Out> {
  readonly #run: (items: readonly In[]) => Promise<readonly Out[]>;
  readonly #options: BatchOptions<In>;
  #waiting: Waiting<In, Out>[] = [];
  #underWay = 0;

  /** @param run an answer for each item, in their order. */
  constructor(run: (items: readonly In[]) => Promise<readonly Out[]>, options: BatchOptions<In>) {
    this.#run = run;
    this.#options = options;
  }

  submit(item: In): Promise<Out> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#underWay < this.#options.lanes && this.#waiting.length > 0) {
      const batch = this.#next();
      this.#underWay += 1;
      void this.#send(batch).finally(() => {
        this.#underWay -= 1;
        this.#pump();
      });
    }
  }

  #next(): Waiting<In, Out>[] {
    const { max, nameOf } = this.#options;
    if (nameOf === undefined) return this.#waiting.splice(0, max);
    const names = new Set<string>();
    const batch: Waiting<In, Out>[] = [];
    const left: Waiting<In, Out>[] = [];
    for (const call of this.#waiting) {
      const name = nameOf(call.item);
      if (batch.length < max && !names.has(name)) {
        names.add(name);
        batch.push(call);
      } else {
        left.push(call);
      }
    }
    this.#waiting = left;
    return batch;
  }

  async #send(batch: readonly Waiting<In, Out>[], isRepeat = false): Promise<void> {
    try {
      const answers = await this.#run(batch.map(({ item }) => item));
      if (answers.length !== batch.length) throw new Error("a batch was answered in part");
      batch.forEach(({ resolve }, index) => {
        resolve(answers[index] as Out);
      });
    } catch (error) {
      if (this.#options.wasAway?.(error) === true) {
        if (isRepeat) for (const { reject } of batch) reject(error);
        else await this.#send(batch, true);
      } else if (batch.length === 1) {
        batch[0]?.reject(error);
      } else {
        for (const call of batch) await this.#send([call]);
      }
    }
  }
}
