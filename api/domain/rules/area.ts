/**
 * Places inside areas, degrees WGS 84. A circle is measured on the mean sphere, which is within 0.6 % of the ellipsoid;
 * a polygon's edges are straight in longitude and latitude, as RFC 7946 section 3.1.1 has it.
 */
import type { Area, Point } from "./rule.ts";

/** IUGG mean radius R1. */
const earthRadiusM = 6_371_008.8;
const radians = Math.PI / 180;

/** Made ready once. The border is inside. */
export function areaTest(area: Area): (lon: number, lat: number) => boolean {
  if ("polygon" in area) return polygonTest(area.polygon);
  return (lon, lat) => distanceM(area.center, [lon, lat]) <= area.radius_m;
}

/** Great-circle distance by the haversine formula (R. W. Sinnott, "Virtues of the Haversine", Sky & Telescope 68, 1984). */
export function distanceM([lonA, latA]: Point, [lonB, latB]: Point): number {
  const byLat = Math.sin(((latB - latA) * radians) / 2);
  const byLon = Math.sin(((lonB - lonA) * radians) / 2);
  const h = byLat * byLat + Math.cos(latA * radians) * Math.cos(latB * radians) * byLon * byLon;
  return 2 * earthRadiusM * Math.asin(Math.min(1, Math.sqrt(h)));
}

/**
 * The ring with longitudes that run on past ±180 where an edge crosses the antimeridian: each edge goes the shorter
 * way round. Without the closing point. Null when an edge spans half the world or the ring goes around a pole: then
 * neither side is the inside.
 */
export function unrolled(polygon: readonly Point[]): readonly Point[] | null {
  const ring = isClosed(polygon) ? polygon.slice(0, -1) : polygon;
  const [first] = ring;
  if (first === undefined) return null;
  const points: Point[] = [];
  let lon = first[0];
  for (const [index, point] of ring.entries()) {
    const step = index === 0 ? 0 : shorterWay(point[0] - (ring[index - 1]?.[0] ?? 0));
    if (Math.abs(step) >= 180) return null;
    lon += step;
    points.push([lon, point[1]]);
  }
  const back = shorterWay(first[0] - (ring.at(-1)?.[0] ?? 0));
  return Math.abs(back) < 180 && Math.abs(lon + back - first[0]) < 1 ? points : null;
}

function isClosed(polygon: readonly Point[]): boolean {
  const [first, last] = [polygon[0], polygon.at(-1)];
  return polygon.length > 1 && first?.[0] === last?.[0] && first?.[1] === last?.[1];
}

function shorterWay(degrees: number): number {
  if (degrees > 180) return degrees - 360;
  return degrees < -180 ? degrees + 360 : degrees;
}

function polygonTest(polygon: readonly Point[]): (lon: number, lat: number) => boolean {
  const ring = unrolled(polygon);
  if (ring === null) return () => false;
  const lons = ring.map((point) => point[0]);
  const lats = ring.map((point) => point[1]);
  const [west, east] = [Math.min(...lons), Math.max(...lons)];
  const [south, north] = [Math.min(...lats), Math.max(...lats)];
  return (lon, lat) => {
    if (lat < south || lat > north) return false;
    // The unrolled ring may lie a turn to either side of where the point's own longitude is written.
    for (let turned = lon - 720; turned <= 720; turned += 360) {
      if (turned >= west && turned <= east && isInside(ring, turned, lat)) return true;
    }
    return false;
  };
}

/** Even-odd ray casting (W. R. Franklin, PNPOLY: pnpoly.html at wrf.ecse.rpi.edu), with the border counted as inside. */
function isInside(ring: readonly Point[], lon: number, lat: number): boolean {
  let inside = false;
  let before = ring.at(-1) as Point;
  for (const point of ring) {
    const [[x1, y1], [x2, y2]] = [before, point];
    const side = (x2 - x1) * (lat - y1) - (lon - x1) * (y2 - y1);
    const inBox =
      Math.min(x1, x2) <= lon && lon <= Math.max(x1, x2) && Math.min(y1, y2) <= lat && lat <= Math.max(y1, y2);
    if (inBox && side === 0) return true;
    if (y1 > lat !== y2 > lat && lon < ((x2 - x1) * (lat - y1)) / (y2 - y1) + x1) inside = !inside;
    before = point;
  }
  return inside;
}
