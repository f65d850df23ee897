/** Who is linked to whom by any chain: connected components, by union-find with path halving and union by size. */

export class Components {
  readonly #indexes = new Map<string, number>();
  readonly #names: string[] = [];
  #parents = new Int32Array(1_024);
  #sizes = new Int32Array(1_024);

  /** How many were named so far. */
  get size(): number {
    return this.#names.length;
  }

  unite(a: string, b: string): void {
    let one = this.#rootOf(this.#indexOf(a));
    let other = this.#rootOf(this.#indexOf(b));
    if (one === other) return;
    if ((this.#sizes[one] ?? 0) < (this.#sizes[other] ?? 0)) [one, other] = [other, one];
    this.#parents[other] = one;
    this.#sizes[one] = (this.#sizes[one] ?? 0) + (this.#sizes[other] ?? 0);
  }

  /** Everybody who was named, with those they are linked to, in the order in which they were named. */
  list(): string[][] {
    const groups = new Map<number, string[]>();
    for (const [index, name] of this.#names.entries()) {
      const root = this.#rootOf(index);
      const group = groups.get(root);
      if (group) group.push(name);
      else groups.set(root, [name]);
    }
    return [...groups.values()];
  }

  #indexOf(name: string): number {
    const known = this.#indexes.get(name);
    if (known !== undefined) return known;
    const index = this.#names.length;
    if (index === this.#parents.length) {
      this.#parents = grown(this.#parents);
      this.#sizes = grown(this.#sizes);
    }
    this.#indexes.set(name, index);
    this.#names.push(name);
    this.#parents[index] = index;
    this.#sizes[index] = 1;
    return index;
  }

  #rootOf(index: number): number {
    let at = index;
    for (;;) {
      const parent = this.#parents[at] ?? at;
      if (parent === at) return at;
      const above = this.#parents[parent] ?? parent;
      this.#parents[at] = above;
      at = above;
    }
  }
}

function grown(values: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(values.length * 2);
  larger.set(values);
  return larger;
}
