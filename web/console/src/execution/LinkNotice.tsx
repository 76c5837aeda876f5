import { useEffect, useRef } from "react";
import { Button } from "../design/Button";
import { toast } from "../design/Toasts";
import { useCell } from "../state/cell";
import styles from "./LinkNotice.module.css";
import { useExecution, useSelected } from "./store";
import { changeView } from "./view";

/** Says that what is shown is not what goes on: the connection is lost, or one looks back. */
export function LinkNotice() {
  const store = useExecution();
  const { connection, problem, resumptions } = useCell(store.link);
  useResumptionToast(resumptions);
  const at = useSelected(({ at }) => at);
  if (problem)
    return (
      <p role="alert" className={`${styles.notice} ${styles.bad}`}>
        {problem.message}
      </p>
    );
  if (connection === "RECONNECTING")
    return (
      <p role="status" className={`${styles.notice} ${styles.waiting}`}>
        The connection is lost. What follows event {store.nextIndex - 1} will be shown once it is back.
      </p>
    );
  if (at === null) return null;
  return (
    <div role="status" className={`${styles.notice} ${styles.past}`}>
      As it was after event {at}.
      <Button look="quiet" onClick={() => changeView({ at: null })}>
        Back to now
      </Button>
    </div>
  );
}

function useResumptionToast(resumptions: readonly number[]): void {
  const seen = useRef(resumptions.length);
  useEffect(() => {
    for (const index of resumptions.slice(seen.current))
      toast(`Connected again, and gone on at event ${index}: nothing is missing.`);
    seen.current = resumptions.length;
  }, [resumptions]);
}
