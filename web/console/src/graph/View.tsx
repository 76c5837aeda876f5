import { Panel, useReactFlow, useStoreApi } from "@xyflow/react";
import { useEffect } from "react";
import { IconButton } from "../design/Button";
import styles from "./FlowGraph.module.css";
import type { Box, Layout } from "./layout";

const DURATION_MS = 200;
/** A node that is brought into view is at least so large. */
const READABLE = 0.6;

interface ViewProps {
  layout: Layout;
  padding: number;
  focus: string | null;
}

/** What moves the view of a graph. */
export function View({ layout, padding, focus }: ViewProps) {
  const { fitBounds, setCenter } = useReactFlow();
  const store = useStoreApi();
  useEffect(() => {
    const box = focus === null ? undefined : layout.places.get(focus);
    const { transform, width, height } = store.getState();
    if (!box || isWithin(box, transform, width, height)) return;
    const zoom = Math.max(transform[2], READABLE);
    void setCenter(box.x + box.width / 2, box.y + box.height / 2, { zoom, duration: DURATION_MS });
  }, [focus, layout, setCenter, store]);
  const fit = () => void fitBounds(layout.bounds, { padding, duration: DURATION_MS });
  return (
    <Panel position="top-right" className={styles.view ?? ""}>
      <IconButton icon="fit" label="Show the whole graph" onClick={fit} />
    </Panel>
  );
}

function isWithin(box: Box, [x, y, zoom]: [number, number, number], width: number, height: number): boolean {
  const left = box.x * zoom + x;
  const top = box.y * zoom + y;
  return left >= 0 && top >= 0 && left + box.width * zoom <= width && top + box.height * zoom <= height;
}
