import { useMemo, useState } from "react";
import { useMutation } from "urql";
import { useLocation } from "wouter";
import { RunFlowDocument } from "../api/generated/operations";
import { problemOf, type Problem } from "../api/problem";
import { executionPath } from "../app/routes";
import { Button } from "../design/Button";
import { Field } from "../design/Field";
import { Form, Remark } from "../forms/Form";
import { inputsOf, type Version } from "../forms/flow-inputs";
import { SchemaFields } from "../forms/SchemaFields";
import { memberAt, useFields } from "../forms/useFields";

/** Runs a version of a flow with what its inputs are given, and leads to the execution. */
export function RunForm({ version }: { version: Version }) {
  const fields = useFields(useMemo(() => inputsOf(version), [version]));
  const [isDetailed, setDetailed] = useState(false);
  const [refused, setRefused] = useState<Problem | null>(null);
  const [{ fetching }, run] = useMutation(RunFlowDocument);
  const [, navigate] = useLocation();

  const submit = async (autoStart: boolean) => {
    const inputs = fields.read();
    if (!inputs) return;
    const options = isDetailed ? { recordEvents: "ALL" as const } : null;
    const input = { flowId: version.flowId, flowVersion: version.version, inputs, autoStart, options };
    const { data, error } = await run({ input });
    if (data) return navigate(executionPath(data.createExecution.execution.id));
    const problem = problemOf(error);
    setRefused(fields.place(problem, memberAt("input.inputs")) ? null : problem);
  };

  const actions = (
    <>
      <Button type="submit" look="primary" icon="play" disabled={fetching}>
        Run
      </Button>
      <Button disabled={fetching} onClick={() => void submit(false)} title="To set breakpoints before it starts">
        Create only
      </Button>
    </>
  );
  return (
    <Form label="Run" actions={actions} refused={refused} onSubmit={() => void submit(true)}>
      {fields.specs.length === 0 && <Remark>It takes no inputs.</Remark>}
      <SchemaFields fields={fields} />
      <Field isTick label="Record everything" hint="Edges, status changes and debug logs too.">
        {(control) => (
          <input {...control} type="checkbox" checked={isDetailed} onChange={() => setDetailed(!isDetailed)} />
        )}
      </Field>
    </Form>
  );
}
