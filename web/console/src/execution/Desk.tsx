import { lazy, Suspense, useEffect, useMemo } from "react";
import { Loading } from "../design/Notice";
import { Splitter } from "../design/Splitter";
import { Tabs } from "../design/Tabs";
import { statusText } from "../design/Status";
import styles from "./Desk.module.css";
import { Header } from "./Header";
import { LIVE } from "./live/parts";
import { LinkNotice } from "./LinkNotice";
import { Scrubber } from "./Scrubber";
import { useExecution, useRun, useSelected } from "./store";
import { changeView, useView } from "./view";
import { LOWER_VIEWS, SIDE_VIEWS, type ExecutionView } from "./views";

const FlowGraph = lazy(() => import("../graph/FlowGraph"));

/** Everything about one execution at once: what it is, its graph, its course, and its details. */
export function Desk() {
  const { execution, topology } = useExecution();
  const { node } = useView();
  useTitle();
  return (
    <div className={styles.desk}>
      <Header />
      <LinkNotice />
      <div className={styles.body}>
        <div className={styles.left}>
          <div className={styles.graph}>
            <Suspense fallback={<Loading label="Loading the graph" />}>
              <FlowGraph
                id={execution.flowVersion.id}
                topology={topology}
                parts={LIVE}
                focus={node}
                onChoose={(node) => changeView({ node })}
              />
            </Suspense>
          </div>
          <Scrubber />
          <Splitter label="Height of what is below the graph" edge="top" initial={264} least={96}>
            <Views kind="lower" label="Course of the execution" views={LOWER_VIEWS} />
          </Splitter>
        </div>
        <Splitter label="Width of the details" edge="left" initial={352} least={240}>
          <Views kind="side" label="Details of the execution" views={SIDE_VIEWS} />
        </Splitter>
      </div>
    </div>
  );
}

interface ViewsProps {
  kind: "lower" | "side";
  label: string;
  views: readonly ExecutionView[];
}

function Views({ kind, label, views }: ViewsProps) {
  const view = useView();
  const chosen = views.find(({ id }) => id === view[kind]) ?? views[0]!;
  const counts = useSelected(({ head, shown }) =>
    views.map(({ count, isOfNow }) => count?.(isOfNow ? head : shown)).join(),
  );
  const tabs = useMemo(
    () => views.map(({ id, title }, place) => ({ id, title, count: Number(counts.split(",")[place]) || undefined })),
    [views, counts],
  );
  const Chosen = chosen.view;
  return (
    <div className={styles.views}>
      <Tabs label={label} tabs={tabs} chosen={chosen.id} onChoose={(id) => changeView({ [kind]: id })} />
      {view.at !== null && chosen.isOfNow && (
        <p className={styles.now}>As it is now, not as it was after event {view.at}.</p>
      )}
      <div role="tabpanel" aria-label={chosen.title} className={styles.view}>
        <Suspense fallback={<Loading />}>
          <Chosen />
        </Suspense>
      </div>
    </div>
  );
}

function useTitle(): void {
  const { name } = useExecution().execution.flowVersion;
  const status = useRun((run) => run.status);
  useEffect(() => {
    document.title = `${statusText(status)} · ${name} · Tidegate`;
    return () => {
      document.title = "Tidegate";
    };
  }, [name, status]);
}
