/**
 * Places for the nodes of a small graph: forces (Fruchterman and Reingold, "Graph Drawing by Force-directed Placement",
 * 1991) from places that depend on nothing but the order of the nodes, so that the same graph is drawn the same each time.
 */

export interface Point {
  readonly x: number;
  readonly y: number;
}

const rounds = 240;
/** The golden angle spreads any number of points evenly. */
const goldenAngle = Math.PI * (3 - Math.sqrt(5));

/**
 * @param size how many nodes; the first is drawn in the middle at the beginning.
 * @param links pairs of indexes.
 */
export function layOut(
  size: number,
  links: readonly (readonly [number, number])[],
  box: { readonly width: number; readonly height: number; readonly margin: number },
): Point[] {
  const xs = new Float64Array(size);
  const ys = new Float64Array(size);
  for (let node = 0; node < size; node += 1) {
    xs[node] = Math.sqrt(node / size) * Math.cos(node * goldenAngle);
    ys[node] = Math.sqrt(node / size) * Math.sin(node * goldenAngle);
  }
  const ideal = 1.4 / Math.sqrt(Math.max(1, size));
  for (let round = 0; round < rounds; round += 1) {
    const heat = 0.12 * (1 - round / rounds);
    step(xs, ys, links, ideal, heat);
  }
  return spread(xs, ys, box);
}

function step(
  xs: Float64Array,
  ys: Float64Array,
  links: readonly (readonly [number, number])[],
  ideal: number,
  heat: number,
): void {
  const size = xs.length;
  const dx = new Float64Array(size);
  const dy = new Float64Array(size);
  const push = (one: number, other: number, force: (distance: number) => number) => {
    const x = (xs[one] ?? 0) - (xs[other] ?? 0);
    const y = (ys[one] ?? 0) - (ys[other] ?? 0);
    const distance = Math.max(1e-4, Math.hypot(x, y));
    const by = force(distance) / distance;
    dx[one] = (dx[one] ?? 0) + x * by;
    dy[one] = (dy[one] ?? 0) + y * by;
    dx[other] = (dx[other] ?? 0) - x * by;
    dy[other] = (dy[other] ?? 0) - y * by;
  };
  for (let one = 0; one < size; one += 1) {
    for (let other = one + 1; other < size; other += 1) push(one, other, (distance) => (ideal * ideal) / distance);
  }
  for (const [one, other] of links) push(one, other, (distance) => -(distance * distance) / ideal);
  for (let node = 0; node < size; node += 1) {
    // Parts that hang together by nothing would drift apart for ever: everything is drawn to the middle a little.
    const x = (dx[node] ?? 0) - 0.4 * (xs[node] ?? 0);
    const y = (dy[node] ?? 0) - 0.4 * (ys[node] ?? 0);
    const length = Math.max(1e-9, Math.hypot(x, y));
    const by = Math.min(length, heat) / length;
    xs[node] = (xs[node] ?? 0) + x * by;
    ys[node] = (ys[node] ?? 0) + y * by;
  }
}

function spread(
  xs: Float64Array,
  ys: Float64Array,
  box: { readonly width: number; readonly height: number; readonly margin: number },
): Point[] {
  const along = (values: Float64Array, length: number) => {
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const room = length - 2 * box.margin;
    return (value: number) =>
      Math.round((high - low < 1e-6 ? length / 2 : box.margin + ((value - low) / (high - low)) * room) * 10) / 10;
  };
  const [toX, toY] = [along(xs, box.width), along(ys, box.height)];
  return Array.from(xs, (x, node) => ({ x: toX(x), y: toY(ys[node] ?? 0) }));
}
