import { lazy, Suspense, useMemo } from "react";
import { Link } from "wouter";
import { executionsPath } from "../app/routes";
import { Loading, Notice } from "../design/Notice";
import { Columns, Panel } from "../design/Page";
import { Topology } from "../fold/topology";
import type { Version } from "../forms/flow-inputs";
import { Runs } from "../runs/Runs";
import { useRuns } from "../runs/useRuns";
import styles from "./FlowPage.module.css";
import { RunForm } from "./RunForm";

const FlowGraph = lazy(() => import("../graph/FlowGraph"));

/** The graph of a version, the form that runs it, and what has run. */
export function Overview({ version }: { version: Version }) {
  const topology = useMemo(() => new Topology(version), [version]);
  const runs = useRuns(version.flowId, null);
  return (
    <>
      <Columns>
        <Panel title="Graph">
          <div className={styles.graph}>
            <Suspense fallback={<Loading label="Loading the graph" />}>
              <FlowGraph id={version.id} topology={topology} />
            </Suspense>
          </div>
        </Panel>
        <Panel title="Run">
          <RunForm version={version} />
        </Panel>
      </Columns>
      <Panel title="Executions" actions={<Link href={executionsPath(version.flowId)}>Filter them</Link>}>
        <Runs runs={runs} isOfOneFlow none={<Notice title="It has not run yet">Run it with the form above.</Notice>} />
      </Panel>
    </>
  );
}
