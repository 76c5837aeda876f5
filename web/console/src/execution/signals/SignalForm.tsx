import { useMemo, useState } from "react";
import { useMutation } from "urql";
import { SendSignalDocument } from "../../api/generated/operations";
import { problemOf, type Problem } from "../../api/problem";
import { Button } from "../../design/Button";
import { fieldOf, membersOf } from "../../forms/fields";
import { Form } from "../../forms/Form";
import { SchemaFields } from "../../forms/SchemaFields";
import { useFields } from "../../forms/useFields";
import { useExecution, useSelected, type ExecutionStore } from "../store";

interface SignalFormProps {
  name: string;
  /** The JSON Schema of what it carries; null if anything goes. */
  schema: unknown;
}

/** Sends a signal that is waited for, with what its schema asks for. */
export function SignalForm({ name, schema }: SignalFormProps) {
  const { execution, head } = useExecution();
  const members = useMemo(() => membersOf(schema), [schema]);
  const fields = useFields(
    useMemo(() => members ?? [fieldOf(PAYLOAD, schema, { title: "Payload" })], [members, schema]),
  );
  const [{ fetching }, send] = useMutation(SendSignalDocument);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [sentAt, setSentAt] = useState<number | null>(null);
  const refusal = useSelected((store) => (sentAt === null ? null : refusalSince(store, name, sentAt)));

  const submit = async () => {
    const values = fields.read();
    if (!values) return;
    setSentAt(head.index);
    const payload = members ? values : values[PAYLOAD];
    const { error } = await send({ executionId: execution.id, name, payload });
    setProblem(error ? problemOf(error) : null);
  };
  const refused = problem ?? (refusal === null ? null : { code: "REFUSED", message: refusal });
  const isSent = sentAt !== null && !refused;
  const actions = (
    <Button type="submit" look="primary" disabled={fetching || isSent}>
      {isSent ? "Sent" : `Send “${name}”`}
    </Button>
  );
  return (
    <Form label={`Signal ${name}`} actions={actions} refused={refused} onSubmit={() => void submit()}>
      <SchemaFields fields={fields} />
    </Form>
  );
}

const PAYLOAD = "payload";

/** Why the last signal of a name that came after an event was not taken; null if it was, or has not come yet. */
function refusalSince({ history: { log } }: ExecutionStore, name: string, index: number): string | null {
  const came = log.findLast((event) => event.type === "SIGNAL_RECEIVED" && event.data.signalName === name);
  if (came?.type !== "SIGNAL_RECEIVED" || came.index <= index || came.data.accepted) return null;
  return came.data.reason ?? "It was not accepted.";
}
