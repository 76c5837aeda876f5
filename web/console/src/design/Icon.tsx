const PATHS = {
  back: "M10 3 5 8l5 5",
  forward: "m6 3 5 5-5 5",
  down: "m3 6 5 5 5-5",
  play: "M5 3.500v9l7.500-4.500z",
  pause: "M5.500 3.500v9M10.500 3.500v9",
  step: "M4 3.500v9l6-4.500zM12 3.500v9",
  stop: "M4 4h8v8H4z",
  sun: "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6M8 1.500v1M8 13.500v1M1.500 8h1M13.500 8h1M3.500 3.500l.7.7M11.800 11.800l.7.7M3.500 12.500l.7-.7M11.800 4.200l.7-.7",
  moon: "M13 9.500A5.500 5.500 0 0 1 6.500 3a5.500 5.500 0 1 0 6.500 6.500z",
  search: "M7 2.500a4.500 4.500 0 1 0 0 9 4.500 4.500 0 0 0 0-9M10.300 10.300 14 14",
  again: "M13 8a5 5 0 1 1-1.500-3.500M13 2.500V5h-2.500",
  copy: "M5.500 5.500h7v7h-7zM10 5V3.500H3.500V10H5",
  alert: "M8 2 1.500 13.500h13zM8 6.500V10M8 11.800v.2",
  tick: "m3.500 8.500 3 3 6-7",
  plus: "M8 3v10M3 8h10",
  close: "m4 4 8 8M12 4l-8 8",
  live: "M8 6.500a1.500 1.500 0 1 0 0 3 1.500 1.500 0 0 0 0-3M4.500 4.500a5 5 0 0 0 0 7M11.500 4.500a5 5 0 0 1 0 7",
  fit: "M3 6V3h3M10 3h3v3M13 10v3h-3M6 13H3v-3",
  lock: "M4 7.500h8v5.500H4zM5.500 7.500V5.500a2.500 2.500 0 0 1 5 0v2",
  out: "M9.500 3H13v3.500M13 3 7.500 8.500M11 9.500V13H3V5h3.500",
} as const;

export type IconName = keyof typeof PATHS;

const SOLID = new Set<IconName>(["play", "stop"]);

/** A sign beside words, or on a button that says by its label what it does. */
export function Icon({ name }: { name: IconName }) {
  const look = SOLID.has(name) ? { fill: "currentColor" } : { fill: "none", stroke: "currentColor" };
  return (
    <svg
      width="16"
      height="16"
      viewBox="0 0 16 16"
      aria-hidden="true"
      strokeWidth="1.500"
      strokeLinecap="round"
      strokeLinejoin="round"
      {...look}
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
