/** A stretch of time, in milliseconds since 1970, and where in it a moment is, from 0 to 1. */
export interface Scale {
  readonly from: number;
  readonly to: number;
  share(at: number): number;
}

const MOST_TICKS = 8;
/** The share of the axis in which a tick has room for its words. */
const ROOM = 0.95;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const STEPS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1000, 2000, 5000, 10_000, 15_000, 30_000],
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 6, 12, 24].map((hours) => hours * HOUR),
];

/** Moments at round distances from the beginning. */
export function ticks({ from, to }: Scale): number[] {
  const span = to - from;
  const step = STEPS.find((step) => span / step <= MOST_TICKS) ?? Math.ceil(span / MOST_TICKS / HOUR) * HOUR;
  return Array.from({ length: Math.floor((span * ROOM) / step) + 1 }, (_, place) => from + place * step);
}
