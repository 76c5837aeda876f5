import { useEffect, useRef, useState } from "react";
import { useClient } from "urql";
import { problemOf, type Problem } from "../api/problem";
import type { ExecutionFilter } from "../api/generated/schema";
import { Button } from "../design/Button";
import { Dialog } from "../design/Dialog";
import { Field } from "../design/Field";
import { counted } from "../design/words";
import type { Answer, Bulk } from "./bulk";
import { BulkAnswers } from "./BulkAnswers";
import styles from "./Bulk.module.css";

interface BulkDialogProps {
  bulk: Bulk;
  filter: ExecutionFilter | null;
  /** The filter in words. */
  matching: string;
  onClose: () => void;
}

/** Asks whether all that match are meant, commands them, and shows what each has answered. */
export function BulkDialog({ bulk, filter, matching, onClose }: BulkDialogProps) {
  const { name, about, isDangerous, hasReason } = bulk;
  const [reason, setReason] = useState("");
  const { answers, isGoing, problem, command } = useBulk(bulk, filter);
  const actions = answers ? (
    <Button onClick={onClose}>{isGoing ? "Do no more" : "Close"}</Button>
  ) : (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button look={isDangerous ? "danger" : "primary"} onClick={() => void command(reason || null)}>
        {name} them
      </Button>
    </>
  );
  return (
    <Dialog title={`${name} all that match`} onClose={onClose} actions={actions}>
      <div className={styles.content}>
        <p>
          <strong>{matching}</strong>, created until now. {about}
        </p>
        {hasReason && !answers && (
          <Field label="Reason (optional)" hint="It shows in their logs.">
            {(control) => <input {...control} value={reason} onChange={({ target }) => setReason(target.value)} />}
          </Field>
        )}
        {answers && (
          <p role="status">
            {counted(answers.filter(({ accepted }) => accepted).length, "execution")} accepted it
            {isGoing ? ", and more are being asked …" : "."}
          </p>
        )}
        {problem && (
          <p role="alert" className={styles.refused}>
            {problem.message}
          </p>
        )}
        {answers && answers.length > 0 && <BulkAnswers answers={answers} />}
      </div>
    </Dialog>
  );
}

/** Sends a command again and again, until it has reached all that match or the dialog is closed. */
function useBulk({ document }: Bulk, filter: ExecutionFilter | null) {
  const client = useClient();
  const [answers, setAnswers] = useState<readonly Answer[] | null>(null);
  const [isGoing, setGoing] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const isOpen = useRef(true);
  useEffect(() => {
    isOpen.current = true;
    return () => {
      isOpen.current = false;
    };
  }, []);

  const command = async (reason: string | null) => {
    const wanted = { ...filter, createdBefore: new Date().toISOString() };
    setGoing(true);
    setAnswers([]);
    for (let hasMore = true; hasMore && isOpen.current;) {
      const { data, error } = await client.mutation(document, { filter: wanted, reason }).toPromise();
      if (error) setProblem(problemOf(error));
      const results = data?.answer.results ?? [];
      setAnswers((before) => [...(before ?? []), ...results]);
      hasMore = (data?.answer.hasMore ?? false) && results.some(({ accepted }) => accepted);
    }
    setGoing(false);
  };
  return { answers, isGoing, problem, command };
}
