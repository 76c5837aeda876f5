import { useMemo, useState } from "react";
import { useQuery } from "urql";
import { FlowVersionDocument, FlowVersionsDocument, PortsOfTypesDocument } from "../../api/generated/operations";
import { problemOf } from "../../api/problem";
import { Field } from "../../design/Field";
import { Loading, Notice, ProblemNotice } from "../../design/Notice";
import { Topology } from "../../fold/topology";
import { useExecution } from "../store";
import { useView } from "../view";
import { ForkForm } from "./ForkForm";
import inspector from "../inspector/Inspector.module.css";

/** A new execution that takes over what completed in this one, and runs the chosen node and what follows again. */
export default function Fork() {
  const { topology } = useExecution();
  const { node } = useView();
  const chosen = node === null ? undefined : topology.nodes.get(node);
  if (!chosen)
    return (
      <Notice title="From which node?">
        Choose one in the graph: it runs again in a new execution with all that follows it. What completed elsewhere is
        taken over.
      </Notice>
    );
  return <ForkFrom key={chosen.id} nodeId={chosen.id} />;
}

function ForkFrom({ nodeId }: { nodeId: string }) {
  const { execution, topology } = useExecution();
  const [version, setVersion] = useState(execution.flowVersion.version);
  const graph = useVersion(version);
  const [{ data, error }, read] = useQuery({ query: PortsOfTypesDocument });
  const types = useMemo(() => data && new Map(data.nodeTypes.map(({ type, inputs }) => [type, inputs])), [data]);
  if (error) return <ProblemNotice problem={problemOf(error)} onRetry={read} />;
  return (
    <div className={inspector.details}>
      <h2>Fork from {topology.title(nodeId)}</h2>
      <Version version={version} onChoose={setVersion} />
      {types && graph ? (
        <ForkForm key={version} nodeId={nodeId} version={version} topology={graph} types={types} />
      ) : (
        <Loading label="Loading the version" />
      )}
    </div>
  );
}

/** The graph of a version of the flow; null while it is brought. */
function useVersion(number: number): Topology | null {
  const { execution, topology } = useExecution();
  const { flowId, version } = execution.flowVersion;
  const isOwn = number === version;
  const [{ data }] = useQuery({ query: FlowVersionDocument, variables: { flowId, number }, pause: isOwn });
  const other = data?.flow?.version;
  return useMemo(() => {
    if (isOwn) return topology;
    return other?.version === number ? new Topology(other) : null;
  }, [isOwn, topology, other, number]);
}

function Version({ version, onChoose }: { version: number; onChoose: (version: number) => void }) {
  const { flow, flowVersion } = useExecution().execution;
  const variables = { flowId: flow?.id ?? "", first: 100 };
  const [{ data }] = useQuery({ query: FlowVersionsDocument, variables, pause: !flow });
  const versions = data?.flow?.versions.edges.map((edge) => edge.node.version) ?? [flowVersion.version];
  return (
    <Field label="Version of the flow" hint="On another one, what is not the same there runs again too.">
      {(control) => (
        <select {...control} value={version} onChange={({ target }) => onChoose(Number(target.value))}>
          {versions.map((number) => (
            <option key={number} value={number}>
              Version {number}
              {number === flowVersion.version ? " (of this execution)" : ""}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
