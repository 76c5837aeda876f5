import { useState, type CSSProperties, type KeyboardEvent, type PointerEvent, type ReactNode } from "react";
import { classes } from "./classes";
import styles from "./Splitter.module.css";

const STEP = 24;

interface SplitterProps {
  label: string;
  /** The edge that is pulled. */
  edge: "top" | "left";
  /** The size at first, and the least one, in pixels. */
  initial: number;
  least: number;
  children: ReactNode;
}

/** Something whose height or width can be changed, by pulling its edge or by the arrow keys. */
export function Splitter({ label, edge, initial, least, children }: SplitterProps) {
  const [size, setSize] = useState(initial);
  const isTop = edge === "top";
  const grow = (by: number) => setSize((before) => Math.max(least, before + by));
  const pull = (event: PointerEvent<HTMLDivElement>) => {
    const handle = event.currentTarget;
    const { clientX, clientY } = event;
    const move = (at: globalThis.PointerEvent) =>
      setSize(Math.max(least, size + (isTop ? clientY - at.clientY : clientX - at.clientX)));
    handle.setPointerCapture(event.pointerId);
    handle.addEventListener("pointermove", move);
    handle.addEventListener("lostpointercapture", () => handle.removeEventListener("pointermove", move), {
      once: true,
    });
  };
  const press = ({ key }: KeyboardEvent) => {
    if (key === (isTop ? "ArrowUp" : "ArrowLeft")) grow(STEP);
    if (key === (isTop ? "ArrowDown" : "ArrowRight")) grow(-STEP);
  };
  return (
    <div className={classes(styles.split, styles[edge])} style={{ "--size": `${size}px` } as CSSProperties}>
      <div
        role="separator"
        tabIndex={0}
        aria-label={label}
        aria-orientation={isTop ? "horizontal" : "vertical"}
        aria-valuenow={size}
        aria-valuemin={least}
        className={styles.handle}
        onPointerDown={pull}
        onKeyDown={press}
      />
      {children}
    </div>
  );
}
