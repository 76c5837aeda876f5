import { useRun } from "../store";
import { useView } from "../view";
import { ExecutionDetails } from "./ExecutionDetails";
import { NodeDetails } from "./NodeDetails";

/** All about the chosen node; about the execution if none is chosen. */
export default function Inspector() {
  const { node } = useView();
  const isThere = useRun((run) => node !== null && run.nodes.has(node));
  return isThere ? <NodeDetails key={node} nodeId={node!} /> : <ExecutionDetails />;
}
