import { useState, type ReactNode } from "react";
import { classes } from "./classes";
import styles from "./Json.module.css";
import { bytes, counted } from "./words";

/** How many members of a list or object, and how many characters of a text, show at once. */
const SHOWN = 50;
const CHARACTERS = 400;
/** What has no more members than this is open from the beginning, down to the second level. */
const SMALL = 12;

export interface LargeValue {
  id: string;
  bytes: number;
  preview: string;
}

interface JsonProps {
  value: unknown;
  /** Draws what stands for a value that is too large to be sent along. */
  large?: ((value: LargeValue) => ReactNode) | undefined;
}

/** Any JSON value, to be unfolded. */
export function Json({ value, large = previewOf }: JsonProps) {
  return (
    <div className={styles.json}>
      <Value value={value} depth={0} large={large} />
    </div>
  );
}

interface ValueProps {
  name?: string;
  value: unknown;
  depth: number;
  large: (value: LargeValue) => ReactNode;
}

function Value({ name, value, depth, large }: ValueProps) {
  const label = name !== undefined && <span className={styles.name}>{name}: </span>;
  const stored = isObject(value) && isObject(value.$payload) ? (value.$payload as unknown as LargeValue) : null;
  if (stored)
    return (
      <div className={styles.line}>
        {label}
        {large(stored)}
      </div>
    );
  if (isObject(value) && typeof value.$secret === "string")
    return (
      <div className={styles.line}>
        {label}
        <span className={styles.secret}>secret “{value.$secret}”</span>
      </div>
    );
  if (isObject(value) || Array.isArray(value))
    return <Members label={label} value={value} depth={depth} large={large} />;
  return (
    <div className={styles.line}>
      {label}
      <Scalar value={value} />
    </div>
  );
}

interface MembersProps extends Omit<ValueProps, "name" | "value"> {
  label: ReactNode;
  value: Record<string, unknown> | unknown[];
}

function Members({ label, value, depth, large }: MembersProps) {
  const members = Object.entries(value);
  const [isOpen, setOpen] = useState(depth < 2 && members.length <= SMALL);
  const [shown, setShown] = useState(SHOWN);
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  if (members.length === 0)
    return (
      <div className={styles.line}>
        {label}
        {open}
        {close}
      </div>
    );
  return (
    <div>
      <button
        type="button"
        className={classes(styles.line, styles.fold)}
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        {label}
        {open}
        {!isOpen && (
          <span className={styles.more}> {counted(members.length, Array.isArray(value) ? "item" : "field")} </span>
        )}
        {!isOpen && close}
      </button>
      {isOpen && (
        <div className={styles.members}>
          {members.slice(0, shown).map(([name, member]) => (
            <Value key={name} name={name} value={member} depth={depth + 1} large={large} />
          ))}
          {members.length > shown && (
            <button type="button" className={styles.show} onClick={() => setShown(shown + 10 * SHOWN)}>
              Show more of {counted(members.length, "member")}
            </button>
          )}
        </div>
      )}
      {isOpen && <div className={styles.line}>{close}</div>}
    </div>
  );
}

function Scalar({ value }: { value: unknown }) {
  const [isWhole, setWhole] = useState(false);
  if (typeof value !== "string")
    return <span className={styles[typeof value] ?? styles.null}>{JSON.stringify(value)}</span>;
  const isLong = value.length > CHARACTERS && !isWhole;
  return (
    <span className={styles.string}>
      "{isLong ? value.slice(0, CHARACTERS) : value}
      {isLong ? "…" : '"'}
      {isLong && (
        <button type="button" className={styles.show} onClick={() => setWhole(true)}>
          Show all {counted(value.length, "character")}
        </button>
      )}
    </span>
  );
}

const previewOf = ({ bytes: size, preview }: LargeValue) => (
  <span className={styles.string}>
    {preview}… <span className={styles.more}>({bytes(size)})</span>
  </span>
);

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
