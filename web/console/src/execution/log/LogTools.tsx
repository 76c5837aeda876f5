import { Button } from "../../design/Button";
import { control } from "../../design/Field";
import { counted } from "../../design/words";
import styles from "./Log.module.css";

export interface Tools {
  family: string;
  text: string;
  isOfNode: boolean;
}

const FAMILIES: readonly [string, string][] = [
  ["", "All kinds"],
  ["FLOW_", "Flow"],
  ["NODE_", "Nodes"],
  ["NODE_FAILED", "Failures of nodes"],
  ["NODE_RETRYING", "Retries"],
  ["NODE_OUTPUT_CHUNK", "Pieces of streams"],
  ["NODE_DEBUG_LOG", "Debug logs"],
  ["EDGE_", "Edges"],
  ["CHILD_", "Children"],
  ["SIGNAL_", "Signals"],
];

interface LogToolsProps {
  tools: Tools;
  hasNode: boolean;
  isFollowing: boolean;
  shown: number;
  onChange: (tools: Tools) => void;
  onFollow: () => void;
}

export function LogTools({ tools, hasNode, isFollowing, shown, onChange, onFollow }: LogToolsProps) {
  return (
    <div className={styles.tools}>
      <select
        className={control}
        aria-label="Kinds of events"
        value={tools.family}
        onChange={({ target }) => onChange({ ...tools, family: target.value })}
      >
        {FAMILIES.map(([family, title]) => (
          <option key={family} value={family}>
            {title}
          </option>
        ))}
      </select>
      <input
        type="search"
        className={control}
        placeholder="Search events"
        aria-label="Search events"
        value={tools.text}
        onChange={({ target }) => onChange({ ...tools, text: target.value })}
      />
      <Button
        look="quiet"
        aria-pressed={tools.isOfNode}
        disabled={!hasNode}
        title="Only events of the chosen node"
        onClick={() => onChange({ ...tools, isOfNode: !tools.isOfNode })}
      >
        Chosen node
      </Button>
      <span className={styles.shown}>{counted(shown, "event")}</span>
      <Button look="quiet" aria-pressed={isFollowing} title="Keep the newest event in view" onClick={onFollow}>
        Follow
      </Button>
    </div>
  );
}
