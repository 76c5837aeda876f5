import { useState } from "react";
import { useMutation } from "urql";
import { CreateWebhookDocument } from "../api/generated/operations";
import { problemOf, type Problem } from "../api/problem";
import { Button } from "../design/Button";
import { copy } from "../design/copy";
import { Dialog } from "../design/Dialog";
import { Field } from "../design/Field";
import { Form } from "../forms/Form";
import styles from "./Triggers.module.css";

/** Makes a webhook, and shows its signing key this one time. */
export function WebhookForm({ flowId, onMade }: { flowId: string; onMade: () => void }) {
  const [eventName, setEventName] = useState("");
  const [problem, setProblem] = useState<Problem | null>(null);
  const [signingKey, setSigningKey] = useState<string | null>(null);
  const [{ fetching }, create] = useMutation(CreateWebhookDocument);
  const submit = async () => {
    const { data, error } = await create({ flowId, eventName });
    setProblem(error ? problemOf(error) : null);
    if (!data) return;
    setSigningKey(data.createWebhook.signingKey);
    setEventName("");
    onMade();
  };
  const isOfName = problem?.field === "eventName";
  const actions = (
    <Button type="submit" look="primary" disabled={fetching || !eventName.trim()}>
      Make the webhook
    </Button>
  );
  return (
    <Form label="New webhook" actions={actions} refused={isOfName ? null : problem} onSubmit={() => void submit()}>
      <Field
        label="Name of the event"
        problem={isOfName ? problem.message : undefined}
        hint="What event.listen nodes of the flow listen for; the body of the message is its payload."
      >
        {(control) => (
          <input
            {...control}
            name="eventName"
            spellCheck={false}
            value={eventName}
            onChange={({ target }) => setEventName(target.value)}
          />
        )}
      </Field>
      {signingKey && <SigningKey text={signingKey} onClose={() => setSigningKey(null)} />}
    </Form>
  );
}

function SigningKey({ text, onClose }: { text: string; onClose: () => void }) {
  const actions = (
    <>
      <Button icon="copy" onClick={() => void copy("Signing key", text)}>
        Copy
      </Button>
      <Button look="primary" onClick={onClose}>
        I have kept it
      </Button>
    </>
  );
  return (
    <Dialog title="The signing key, this one time" onClose={onClose} actions={actions}>
      <p className={styles.key}>
        <code>{text}</code>
      </p>
      <p>Whoever sends to the webhook signs with it, as Standard Webhooks has it. It is never shown again.</p>
    </Dialog>
  );
}
