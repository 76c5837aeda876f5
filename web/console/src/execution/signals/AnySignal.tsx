import { useMutation } from "urql";
import { useState } from "react";
import { SendSignalDocument } from "../../api/generated/operations";
import { problemOf, type Problem } from "../../api/problem";
import { Button } from "../../design/Button";
import { toast } from "../../design/Toasts";
import { fieldOf } from "../../forms/fields";
import { Form } from "../../forms/Form";
import { SchemaFields } from "../../forms/SchemaFields";
import { useFields } from "../../forms/useFields";
import { useExecution } from "../store";

const SPECS = [
  fieldOf("name", { type: "string" }, { title: "Name", isRequired: true }),
  fieldOf("payload", {}, { title: "Payload" }),
];

/** Sends a signal that nothing waits for yet: it is kept for the wait to come. */
export function AnySignal() {
  const { execution } = useExecution();
  const fields = useFields(SPECS);
  const [{ fetching }, send] = useMutation(SendSignalDocument);
  const [refused, setRefused] = useState<Problem | null>(null);
  const submit = async () => {
    const values = fields.read();
    if (!values) return;
    const name = String(values.name);
    const { error } = await send({ executionId: execution.id, name, payload: values.payload });
    setRefused(error ? problemOf(error) : null);
    if (error) return;
    fields.reset();
    toast(`The signal “${name}” is sent.`);
  };
  const actions = (
    <Button type="submit" disabled={fetching}>
      Send
    </Button>
  );
  return (
    <Form label="Another signal" actions={actions} refused={refused} onSubmit={() => void submit()}>
      <SchemaFields fields={fields} />
    </Form>
  );
}
