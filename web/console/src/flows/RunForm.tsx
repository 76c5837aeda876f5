import { useState, type FormEvent } from "react";
import { useMutation } from "urql";
import { useLocation } from "wouter";
import { RunFlowDocument, type FlowVersionQuery } from "../api/generated/operations";
import { problemOf, type Problem } from "../api/problem";
import { executionPath } from "../app/routes";
import { Button } from "../design/Button";
import { Field } from "../design/Field";
import { fieldsOf, readAll } from "./inputs";
import { InputField } from "./InputField";
import styles from "./RunForm.module.css";

type Version = NonNullable<NonNullable<FlowVersionQuery["flow"]>["version"]>;

/** Runs a version of a flow with what its inputs are given, and leads to the execution. */
export function RunForm({ version }: { version: Version }) {
  const fields = fieldsOf(version);
  const [texts, setTexts] = useState<Record<string, string>>(() =>
    Object.fromEntries(fields.map(({ name, initial }) => [name, initial])),
  );
  const [problems, setProblems] = useState<Record<string, string>>({});
  const [isDetailed, setDetailed] = useState(false);
  const [refused, setRefused] = useState<Problem | null>(null);
  const [{ fetching }, run] = useMutation(RunFlowDocument);
  const [, navigate] = useLocation();

  const submit = async (event: FormEvent, autoStart: boolean) => {
    event.preventDefault();
    const { values, problems } = readAll(fields, texts);
    setProblems(problems);
    if (Object.keys(problems).length > 0) return;
    const options = isDetailed ? { recordEvents: "ALL" as const } : null;
    const input = { flowId: version.flowId, flowVersion: version.version, inputs: values, autoStart, options };
    const { data, error } = await run({ input });
    if (data) navigate(executionPath(data.createExecution.execution.id));
    else place(problemOf(error));
  };

  /** Shows a refusal at the input that it is about, if it is about one. */
  const place = (problem: Problem) => {
    const name = /^input\.inputs\.([^.]+)/.exec(problem.field ?? "")?.[1];
    if (name && name in texts) setProblems({ [name]: problem.message });
    else setRefused(problem);
  };

  return (
    <form className={styles.form} noValidate onSubmit={(event) => submit(event, true)}>
      {fields.length === 0 && <p className={styles.none}>It takes no inputs.</p>}
      {fields.map((field) => (
        <InputField
          key={field.name}
          field={field}
          text={texts[field.name] ?? ""}
          problem={problems[field.name]}
          onChange={(text) => setTexts({ ...texts, [field.name]: text })}
        />
      ))}
      <Field isTick label="Record everything" hint="Edges, status changes and debug logs too.">
        {(control) => (
          <input {...control} type="checkbox" checked={isDetailed} onChange={() => setDetailed(!isDetailed)} />
        )}
      </Field>
      {refused && (
        <p role="alert" className={styles.refused}>
          {refused.message}
        </p>
      )}
      <div className={styles.actions}>
        <Button type="submit" look="primary" icon="play" disabled={fetching}>
          Run
        </Button>
        <Button
          disabled={fetching}
          onClick={(event) => submit(event, false)}
          title="To set breakpoints before it starts"
        >
          Create only
        </Button>
      </div>
    </form>
  );
}
