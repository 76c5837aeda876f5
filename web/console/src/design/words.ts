/** How numbers, sizes and times are written, everywhere alike. */

/** A name that may go on in the next line after an underscore. */
export const breakable = (name: string): string => name.replaceAll("_", "_\u200b");

const WHOLE = new Intl.NumberFormat("en");
const EXACT = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });
const TIME = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
});
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const number = (value: number): string => WHOLE.format(value);

/** "1 event", "20,000 events". */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${number(count)} ${count === 1 ? noun : plural}`;
}

/** Milliseconds as "340 ms", "1.2 s", "3 min 5 s", "2 h 10 min" or "4 d 3 h". */
export function duration(ms: number): string {
  const span = Math.max(0, ms);
  if (span < SECOND) return `${Math.round(span)} ms`;
  if (span < MINUTE) return `${(Math.floor(span / 100) / 10).toFixed(span < 10 * SECOND ? 1 : 0)} s`;
  if (span < HOUR) return pair(span, MINUTE, "min", SECOND, "s");
  if (span < DAY) return pair(span, HOUR, "h", MINUTE, "min");
  return pair(span, DAY, "d", HOUR, "h");
}

function pair(span: number, large: number, largeUnit: string, small: number, smallUnit: string): string {
  const rest = Math.floor((span % large) / small);
  return `${number(Math.floor(span / large))} ${largeUnit}${rest ? ` ${rest} ${smallUnit}` : ""}`;
}

export function bytes(count: number): string {
  if (count < 1000) return `${count} B`;
  return count < 1_000_000 ? `${(count / 1000).toFixed(1)} kB` : `${(count / 1_000_000).toFixed(1)} MB`;
}

/** A time as seen from another one, both in milliseconds since 1970: "just now", "5 min. ago", "in 2 hr.". */
export function relative(at: number, now: number): string {
  const span = at - now;
  const size = Math.abs(span);
  if (size < 5 * SECOND) return "just now";
  if (size < MINUTE) return RELATIVE.format(Math.round(span / SECOND), "second");
  if (size < HOUR) return RELATIVE.format(Math.round(span / MINUTE), "minute");
  if (size < DAY) return RELATIVE.format(Math.round(span / HOUR), "hour");
  return RELATIVE.format(Math.round(span / DAY), "day");
}

/** The time of day, and the day if it is not today's. */
export function clock(at: number): string {
  const isToday = new Date(at).toDateString() === new Date().toDateString();
  return (isToday ? TIME : EXACT).format(at);
}

export const exact = (at: number): string => `${EXACT.format(at)} (${new Date(at).toISOString()})`;
