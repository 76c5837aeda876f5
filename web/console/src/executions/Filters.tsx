import type { ExecutionStatus } from "../api/generated/schema";
import { Button } from "../design/Button";
import { control } from "../design/Field";
import { StatusSign, statusText } from "../design/Status";
import styles from "./Filters.module.css";
import { SPANS, STATUSES, type Wanted } from "./filter";

interface FiltersProps {
  wanted: Wanted;
  /** What the flow is called, if they are of one. */
  flowName: string;
  onChange: (wanted: Wanted) => void;
}

/** What the list is narrowed down by. */
export function Filters({ wanted, flowName, onChange }: FiltersProps) {
  const { flowId, statuses, labels, hours, error } = wanted;
  const toggle = (status: ExecutionStatus) =>
    statuses.includes(status) ? statuses.filter((one) => one !== status) : [...statuses, status];
  return (
    <div className={styles.filters} role="search" aria-label="Filter executions">
      <div className={styles.statuses} role="group" aria-label="Statuses">
        {STATUSES.map((status) => (
          <Button
            key={status}
            aria-pressed={statuses.includes(status)}
            className={styles.status}
            onClick={() => onChange({ ...wanted, statuses: toggle(status) })}
          >
            <StatusSign status={status} />
            {statusText(status)}
          </Button>
        ))}
      </div>
      <select
        className={control}
        aria-label="When they were created"
        value={hours}
        onChange={({ target }) => onChange({ ...wanted, hours: target.value })}
      >
        {SPANS.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
      <input
        type="search"
        className={control}
        aria-label="Labels"
        placeholder="Labels: team=billing"
        value={labels}
        onChange={({ target }) => onChange({ ...wanted, labels: target.value })}
      />
      <input
        type="search"
        className={control}
        aria-label="Part of the error"
        placeholder="Part of the error"
        value={error}
        onChange={({ target }) => onChange({ ...wanted, error: target.value })}
      />
      {flowId && (
        <Button icon="close" title="Show those of all flows" onClick={() => onChange({ ...wanted, flowId: null })}>
          {flowName}
        </Button>
      )}
    </div>
  );
}
