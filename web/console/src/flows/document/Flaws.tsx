import { ProblemNotice } from "../../design/Notice";
import { counted } from "../../design/words";
import styles from "./Document.module.css";
import { goToLine } from "./Editor";
import type { Validation } from "./useValidation";

/** How many show at once. */
const SHOWN = 200;

/** All that is wrong with a document; each leads to its line. */
export function Flaws({ validation: { flaws, isChecking, problem, document } }: { validation: Validation }) {
  if (problem) return <ProblemNotice problem={problem} />;
  const isValid = flaws.length === 0 && document !== undefined;
  return (
    <div className={styles.flaws}>
      <p role="status" className={isValid ? styles.valid : styles.invalid} aria-busy={isChecking}>
        {flaws.length > 0 ? counted(flaws.length, "problem") : isValid ? "The document is valid." : "Checking …"}
      </p>
      <ol aria-label="Problems">
        {flaws.slice(0, SHOWN).map(({ line, message, path }) => (
          <li key={`${path}${line}${message}`}>
            <button type="button" className={styles.flaw} onClick={() => goToLine(line)}>
              <span className={styles.line}>Line {line}</span>
              <span>{message}</span>
              {path && <code>{path}</code>}
            </button>
          </li>
        ))}
      </ol>
    </div>
  );
}
