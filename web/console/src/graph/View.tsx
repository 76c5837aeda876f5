import { Panel, useReactFlow, type FitViewOptions } from "@xyflow/react";
import { useEffect } from "react";
import { IconButton } from "../design/Button";
import styles from "./FlowGraph.module.css";

/** What moves the view of a graph. */
export function View({ fit, focus }: { fit: FitViewOptions; focus: string | null }) {
  const { fitView, getInternalNode, getZoom, setCenter } = useReactFlow();
  useEffect(() => {
    const box = focus === null ? undefined : getInternalNode(focus);
    if (!box || isInView(box)) return;
    const { x, y } = box.internals.positionAbsolute;
    const { width = 0, height = 0 } = box;
    void setCenter(x + width / 2, y + height / 2, { zoom: Math.max(getZoom(), 0.6), duration: 200 });
  }, [focus, getInternalNode, getZoom, setCenter]);
  return (
    <Panel position="top-right" className={styles.view ?? ""}>
      <IconButton icon="fit" label="Show the whole graph" onClick={() => void fitView({ ...fit, duration: 200 })} />
    </Panel>
  );
}

function isInView({ id }: { id: string }): boolean {
  const box = document.querySelector(`[data-node="${CSS.escape(id)}"]`)?.getBoundingClientRect();
  const pane = document.querySelector(".react-flow")?.getBoundingClientRect();
  return !!box && !!pane && box.left >= pane.left && box.right <= pane.right && box.top >= pane.top && box.bottom <= pane.bottom;
}
