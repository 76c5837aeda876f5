import { useStore } from "@xyflow/react";
import { useContext, useEffect, useMemo, useRef } from "react";
import { useCell } from "../state/cell";
import { onNextFrame } from "../state/frame";
import { theme } from "../design/theme";
import type { Topology } from "../fold/topology";
import styles from "./FlowGraph.module.css";
import type { Layout } from "./layout";
import { Painting } from "./painting";
import { PartsContext } from "./parts";

/** A large graph seen from far away. It is painted, because thousands of elements would take too long to draw. */
export function FarView({ topology, layout }: { topology: Topology; layout: Layout }) {
  const painter = useContext(PartsContext).usePainter();
  const canvas = useRef<HTMLCanvasElement>(null);
  const colours = useCell(theme);
  const [x, y, zoom] = useStore((view) => view.transform);
  const size = useStore((view) => `${view.width}×${view.height}`);
  const view = useRef({ x, y, zoom });
  view.current = { x, y, zoom };
  const painting = useRef<Painting | null>(null);
  const paintSoon = useMemo(() => onNextFrame(() => painting.current?.paint(view.current)), []);

  useEffect(() => {
    painting.current = new Painting(canvas.current!, topology, layout, painter);
    paintSoon();
    const unsubscribe = painter.subscribe(paintSoon);
    return () => {
      unsubscribe();
      painting.current = null;
    };
  }, [topology, layout, painter, colours, paintSoon]);
  useEffect(paintSoon, [x, y, zoom, size, paintSoon]);
  return (
    <div className={styles.far} aria-hidden="true">
      <canvas ref={canvas} />
    </div>
  );
}
