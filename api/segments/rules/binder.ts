/** Values of a query that travel beside its text: nothing that came from outside is ever a part of the text. */

type Scalar = string | number | boolean;
export type BoundValue = Scalar | readonly Scalar[] | ReadonlyMap<string, readonly number[]>;

export class Binder {
  readonly params: Record<string, BoundValue> = {};
  private count = 0;

  /** @returns what stands for the value in the text: `{p7: String}`. */
  text(value: string): string {
    return this.bind("String", value);
  }

  texts(values: readonly string[]): string {
    return this.bind("Array(String)", values);
  }

  integer(value: number): string {
    return this.bind("Int64", value);
  }

  integers(values: readonly number[]): string {
    return this.bind("Array(Int64)", values);
  }

  /** By its bits: the warehouse reads the decimal digits of a number a little differently from everybody else. */
  decimal(value: number): string {
    return `reinterpretAsFloat64(${this.bind("UInt64", bitsOf(value))})`;
  }

  decimals(values: readonly number[]): string {
    return `arrayMap(bits -> reinterpretAsFloat64(toUInt64(bits)), ${this.texts(values.map(bitsOf))})`;
  }

  boolean(value: boolean): string {
    return this.bind("UInt8", value ? 1 : 0);
  }

  lists(values: ReadonlyMap<string, readonly number[]>): string {
    return this.bind("Map(String, Array(Int64))", values);
  }

  /** Epoch milliseconds. */
  instant(at: number): string {
    return `fromUnixTimestamp64Milli(${this.integer(at)}, 'UTC')`;
  }

  private bind(type: string, value: BoundValue): string {
    const name = `p${this.count}`;
    this.count += 1;
    this.params[name] = value;
    return `{${name}: ${type}}`;
  }
}

const bytes = new DataView(new ArrayBuffer(8));

/** As text: half of all doubles are beyond what a number counts exactly. Minus zero is zero. */
function bitsOf(value: number): string {
  bytes.setFloat64(0, value === 0 ? 0 : value);
  return String(bytes.getBigUint64(0));
}
