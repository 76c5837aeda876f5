import { useState } from "react";
import { useMutation } from "urql";
import { PutSecretDocument } from "../api/generated/operations";
import { problemOf, type Problem } from "../api/problem";
import { Button } from "../design/Button";
import { Field } from "../design/Field";
import { toast } from "../design/Toasts";
import { Form } from "../forms/Form";

export function SecretForm({ onStored }: { onStored: () => void }) {
  const [name, setName] = useState("");
  const [value, setValue] = useState("");
  const [problem, setProblem] = useState<Problem | null>(null);
  const [{ fetching }, put] = useMutation(PutSecretDocument);
  const at = (field: string) => (problem?.field === field ? problem.message : undefined);
  const submit = async () => {
    const { error } = await put({ name, value });
    setProblem(error ? problemOf(error) : null);
    if (error) return;
    toast(`The secret ${name} is stored.`);
    setName("");
    setValue("");
    onStored();
  };
  const actions = (
    <Button type="submit" look="primary" disabled={fetching || !name || !value}>
      Store
    </Button>
  );
  const isElsewhere = problem && at("name") === undefined && at("value") === undefined;
  return (
    <Form
      label="Store a secret"
      actions={actions}
      refused={isElsewhere ? problem : null}
      onSubmit={() => void submit()}
    >
      <Field label="Name" problem={at("name")} hint="In place of the one that has this name already, if there is one.">
        {(control) => (
          <input
            {...control}
            name="name"
            autoComplete="off"
            spellCheck={false}
            value={name}
            onChange={({ target }) => setName(target.value)}
          />
        )}
      </Field>
      <Field label="Secret" problem={at("value")}>
        {(control) => (
          <input
            {...control}
            name="value"
            type="password"
            autoComplete="new-password"
            value={value}
            onChange={({ target }) => setValue(target.value)}
          />
        )}
      </Field>
    </Form>
  );
}
