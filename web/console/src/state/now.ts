import { useSyncExternalStore } from "react";
import { Changes } from "./cell";

const TICK_MS = 500;

const ticks = new Changes();
let followers = 0;
let timer = 0;
let now = Date.now();

function subscribe(listener: () => void): () => void {
  const unsubscribe = ticks.subscribe(listener);
  if (followers++ === 0) timer = window.setInterval(tick, TICK_MS);
  return () => {
    unsubscribe();
    if (--followers === 0) window.clearInterval(timer);
  };
}

function tick(): void {
  now = Date.now();
  ticks.tell();
}

const never = () => () => {};

/** The time in milliseconds since 1970, twice a second while it matters. One clock ticks for all. */
export function useNow(matters = true): number {
  const value = useSyncExternalStore(matters ? subscribe : never, () => now);
  return matters ? Math.max(value, now) : value;
}
