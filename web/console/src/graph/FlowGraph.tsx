import { useEffect, useState } from "react";
import { Loading, Notice } from "../design/Notice";
import type { Topology } from "../fold/topology";
import { Drawing } from "./Drawing";
import { layoutOf, type Layout } from "./layout";
import { PartsContext, PLAIN, type Parts } from "./parts";

interface FlowGraphProps {
  /** What the layout is remembered by. */
  id: string;
  topology: Topology;
  parts?: Parts;
  /** The node to bring into view when it changes. */
  focus?: string | null;
  /** Called with a node that is pointed at from far away, and with null for the ground. */
  onChoose?: (nodeId: string | null) => void;
}

/** A flow, laid out from left to right. What changes while it is shown is up to the parts; the graph itself stays. */
export default function FlowGraph({ id, topology, parts = PLAIN, focus = null, onChoose = () => {} }: FlowGraphProps) {
  const layout = useLayout(id, topology);
  if (layout instanceof Error)
    return (
      <Notice tone="bad" title="The graph cannot be laid out">
        {layout.message}
      </Notice>
    );
  if (!layout) return <Loading label="Laying out the graph" />;
  return (
    <PartsContext value={parts}>
      <Drawing topology={topology} layout={layout} focus={focus} onChoose={onChoose} />
    </PartsContext>
  );
}

function useLayout(id: string, topology: Topology): Layout | Error | null {
  const [layout, setLayout] = useState<Layout | Error | null>(null);
  useEffect(() => {
    let isMeant = true;
    const take = (found: Layout | Error) => isMeant && setLayout(found);
    layoutOf(id, topology).then(take, (error) => take(error instanceof Error ? error : new Error(String(error))));
    return () => {
      isMeant = false;
    };
  }, [id, topology]);
  return layout;
}
