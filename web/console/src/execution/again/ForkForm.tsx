import { useMemo, useState } from "react";
import { useMutation } from "urql";
import { useLocation } from "wouter";
import { ForkDocument } from "../../api/generated/operations";
import { problemOf, type Problem } from "../../api/problem";
import { executionPath } from "../../app/routes";
import { Button } from "../../design/Button";
import { Field } from "../../design/Field";
import type { Topology } from "../../fold/topology";
import { Form, Remark } from "../../forms/Form";
import { SchemaFields } from "../../forms/SchemaFields";
import { useFields } from "../../forms/useFields";
import { useExecution } from "../store";
import { downstream, openPorts, type PortsOfTypes } from "./ports";

interface ForkFormProps {
  nodeId: string;
  version: number;
  topology: Topology;
  types: PortsOfTypes;
}

export function ForkForm({ nodeId, version, topology, types }: ForkFormProps) {
  const { execution, head } = useExecution();
  const [nodeIds, setNodeIds] = useState([nodeId]);
  const specs = useMemo(
    () => nodeIds.flatMap((id) => openPorts(topology, types, head.nodes.get(id), id)),
    [nodeIds, topology, types, head],
  );
  const fields = useFields(specs);
  const [isStarted, setStarted] = useState(true);
  const [refused, setRefused] = useState<Problem | null>(null);
  const [{ fetching }, fork] = useMutation(ForkDocument);
  const [, navigate] = useLocation();

  const submit = async () => {
    const changed = specs.filter(fields.isChanged);
    const values = fields.read(changed);
    if (!values) return;
    const portValues = Object.entries(values).map(([name, value]) => ({ ...portOf(name), value }));
    const input = { executionId: execution.id, fromNodeId: nodeId, flowVersion: version, portValues };
    const { data, error } = await fork({ input: { ...input, autoStart: isStarted } });
    if (data) return navigate(executionPath(data.forkExecution.execution.id));
    const problem = problemOf(error);
    const nameOf = (place: string) => changed[Number(/^input\.portValues\.(\d+)/.exec(place)?.[1] ?? -1)]?.name;
    setRefused(fields.place(problem, nameOf) ? null : problem);
  };
  const actions = (
    <Button type="submit" look="primary" disabled={fetching}>
      Make the fork
    </Button>
  );
  return (
    <Form label="Fork" actions={actions} refused={refused} onSubmit={() => void submit()}>
      {nodeIds.map((id) => (
        <PortFields key={id} title={topology.title(id)} fields={fieldsOfNode(fields, id)} />
      ))}
      <AnotherNode
        topology={topology}
        nodeId={nodeId}
        without={nodeIds}
        onChoose={(id) => setNodeIds([...nodeIds, id])}
      />
      <Field isTick label="Start it at once" hint="Else it waits, for breakpoints to be set.">
        {(control) => (
          <input {...control} type="checkbox" checked={isStarted} onChange={() => setStarted(!isStarted)} />
        )}
      </Field>
    </Form>
  );
}

function portOf(name: string): { nodeId: string; port: string } {
  const [nodeId = "", port = ""] = name.split(".");
  return { nodeId, port };
}

const fieldsOfNode = (fields: ReturnType<typeof useFields>, nodeId: string) => ({
  ...fields,
  specs: fields.specs.filter(({ name }) => portOf(name).nodeId === nodeId),
});

function PortFields({ title, fields }: { title: string; fields: ReturnType<typeof useFields> }) {
  return (
    <>
      <h3>{title}</h3>
      {fields.specs.length === 0 && <Remark>All its inputs come over edges.</Remark>}
      <SchemaFields fields={fields} />
    </>
  );
}

interface AnotherNodeProps {
  topology: Topology;
  nodeId: string;
  without: readonly string[];
  onChoose: (nodeId: string) => void;
}

function AnotherNode({ topology, nodeId, without, onChoose }: AnotherNodeProps) {
  const others = useMemo(() => downstream(topology, nodeId), [topology, nodeId]);
  const left = others.filter((id) => !without.includes(id));
  if (left.length === 0) return null;
  return (
    <Field label="Change values of what follows">
      {(control) => (
        <select {...control} value="" onChange={({ target }) => onChoose(target.value)}>
          <option value="">Choose a node</option>
          {left.map((id) => (
            <option key={id} value={id}>
              {topology.title(id)}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
