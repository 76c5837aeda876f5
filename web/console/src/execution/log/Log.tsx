import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState, type UIEvent } from "react";
import { Notice } from "../../design/Notice";
import { useExecution, useRun } from "../store";
import { useView } from "../view";
import styles from "./Log.module.css";
import { LogRow } from "./LogRow";
import { LogTools } from "./LogTools";
import { Selection } from "./selection";

const ROW = 26;
/** How near to its end a list is taken to be followed, in pixels. */
const NEAR = 8;

/** The events up to the moment that is shown, one line each. */
export default function Log() {
  const { history } = useExecution();
  const index = useRun((run) => run.index);
  const { node } = useView();
  const [tools, setTools] = useState({ family: "", text: "", isOfNode: false });
  const { family, text, isOfNode } = tools;
  const nodeId = isOfNode ? node : null;
  const selection = useMemo(() => new Selection({ family, text, nodeId }), [history, family, text, nodeId]);
  const events = selection.upTo(index, history.log);
  const [open, setOpen] = useState<number | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: events.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    getItemKey: (place) => events[place]!.index,
    overscan: 12,
  });
  const size = rows.getTotalSize();
  const [isFollowing, setFollowing] = useState(true);
  useEffect(() => {
    if (isFollowing && box.current) box.current.scrollTop = size;
  }, [isFollowing, size]);

  const noteScroll = ({ currentTarget }: UIEvent) => {
    const { scrollTop, clientHeight, scrollHeight } = currentTarget;
    if (scrollHeight - scrollTop - clientHeight < NEAR) setFollowing(true);
  };
  return (
    <div className={styles.log}>
      <LogTools
        tools={tools}
        hasNode={node !== null}
        isFollowing={isFollowing}
        shown={events.length}
        onChange={setTools}
        onFollow={() => setFollowing(!isFollowing)}
      />
      <div
        ref={box}
        className={styles.scroll}
        tabIndex={0}
        role="log"
        aria-label="Events"
        onScroll={noteScroll}
        onWheel={({ deltaY }) => deltaY < 0 && setFollowing(false)}
      >
        <ol className={styles.rows} style={{ height: size }}>
          {rows.getVirtualItems().map(({ key, index: place, start }) => {
            const event = events[place]!;
            return (
              <LogRow
                key={key}
                event={event}
                place={place}
                top={start}
                measure={rows.measureElement}
                isOpen={open === event.index}
                onToggle={() => {
                  setFollowing(false);
                  // Only an open line has to be measured; the others are all alike.
                  rows.measure();
                  setOpen(open === event.index ? null : event.index);
                }}
              />
            );
          })}
        </ol>
        {events.length === 0 && <Notice title="No event matches" />}
      </div>
    </div>
  );
}
