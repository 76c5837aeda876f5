import type { Point } from "./layout";

const RADIUS = 8;

/** The way of an edge as an SVG path with round corners. */
export function pathOf(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (!first) return "";
  const corners = rest.map((point, place) => {
    const after = rest[place + 1];
    return after ? corner(points[place]!, point, after) : `L${point.x} ${point.y}`;
  });
  return `M${first.x} ${first.y}${corners.join("")}`;
}

function corner(before: Point, at: Point, after: Point): string {
  const entry = towards(at, before);
  const exit = towards(at, after);
  return `L${entry.x} ${entry.y}Q${at.x} ${at.y} ${exit.x} ${exit.y}`;
}

function towards(from: Point, to: Point): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  const share = Math.min(RADIUS, length / 2) / length;
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
}

/** The head of an edge's arrow; edges end from the left or from above. */
export function headOf(points: readonly Point[]): string {
  const [before, end] = points.slice(-2);
  if (!before || !end) return "";
  if (before.x === end.x) return `M${end.x - 4} ${end.y - 7}L${end.x} ${end.y}L${end.x + 4} ${end.y - 7}z`;
  return `M${end.x - 7} ${end.y - 4}L${end.x} ${end.y}L${end.x - 7} ${end.y + 4}z`;
}
