import { useNow } from "../state/now";
import { clock, duration, exact, relative } from "./words";

/** A time as people say it, with the exact one when one points at it. */
export function Time({ at }: { at: number | string }) {
  const now = useNow();
  const ms = typeof at === "string" ? Date.parse(at) : at;
  return (
    <time dateTime={new Date(ms).toISOString()} title={exact(ms)}>
      {relative(ms, now)}
    </time>
  );
}

/** A time as clocks show it, for what is compared with others. */
export function Clock({ at }: { at: number }) {
  return (
    <time dateTime={new Date(at).toISOString()} title={`${relative(at, useNow())}, ${exact(at)}`}>
      {clock(at)}
    </time>
  );
}

/** How long something took, or has been taking if it has no end. */
export function Duration({ from, to }: { from: number; to: number | null }) {
  const now = useNow(to === null);
  return <>{duration((to ?? now) - from)}</>;
}
