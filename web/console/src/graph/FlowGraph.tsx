import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { Loading, Notice } from "../design/Notice";
import type { Topology } from "../fold/topology";
import { Drawing, type Room } from "./Drawing";
import styles from "./FlowGraph.module.css";
import { layoutOf, type Direction, type Layout } from "./layout";
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

/** A flow, laid out along the longer side of the room that there is. What changes while it is shown is up to the parts; the graph itself stays. */
export default function FlowGraph({ parts = PLAIN, ...graph }: FlowGraphProps) {
  const frame = useRef<HTMLDivElement>(null);
  const [room, setRoom] = useState<Room | null>(null);
  useLayoutEffect(() => {
    const { clientWidth, clientHeight } = frame.current!;
    setRoom({ width: clientWidth, height: clientHeight });
  }, []);
  return (
    <PartsContext value={parts}>
      <div ref={frame} className={styles.frame}>
        {room && <LaidOut {...graph} room={room} />}
      </div>
    </PartsContext>
  );
}

interface LaidOutProps extends Omit<FlowGraphProps, "parts"> {
  room: Room;
}

function LaidOut({ id, topology, focus = null, onChoose = () => {}, room }: LaidOutProps) {
  const layout = useLayout(id, topology, room.height > room.width ? "DOWN" : "RIGHT");
  if (layout instanceof Error)
    return (
      <Notice tone="bad" title="The graph cannot be laid out">
        {layout.message}
      </Notice>
    );
  if (!layout) return <Loading label="Laying out the graph" />;
  return <Drawing topology={topology} layout={layout} room={room} focus={focus} onChoose={onChoose} />;
}

function useLayout(id: string, topology: Topology, direction: Direction): Layout | Error | null {
  const [layout, setLayout] = useState<Layout | Error | null>(null);
  useEffect(() => {
    let isMeant = true;
    const take = (found: Layout | Error) => isMeant && setLayout(found);
    layoutOf(id, topology, direction).then(take, (error) =>
      take(error instanceof Error ? error : new Error(String(error))),
    );
    return () => {
      isMeant = false;
    };
  }, [id, topology, direction]);
  return layout;
}
