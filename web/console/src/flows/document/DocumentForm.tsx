import { useState, type ReactNode } from "react";
import { Button } from "../../design/Button";
import { Panel } from "../../design/Page";
import styles from "./Document.module.css";
import { Editor } from "./Editor";
import { Flaws } from "./Flaws";
import type { Exact } from "./exact";
import { read, write, type Syntax } from "./text";
import { useValidation } from "./useValidation";

const SYNTAXES: readonly Syntax[] = ["YAML", "JSON"];

interface DocumentFormProps {
  title: string;
  /** What it has at first. */
  document: Exact;
  /** What the button says that takes it. */
  action: string;
  isGoing: boolean;
  /** Whether it can be taken as it was at first. */
  isNew?: boolean;
  onTake: (document: Exact) => void;
  /** What stands above the text, such as why it was not taken. */
  children?: ReactNode;
}

/** A flow document that is typed, with all that is wrong with it beside it. */
export function DocumentForm({ title, document, action, isGoing, isNew = false, onTake, children }: DocumentFormProps) {
  const [syntax, setSyntax] = useState<Syntax>("YAML");
  const [original, setOriginal] = useState(() => write(document, "YAML"));
  const [text, setText] = useState(original);
  const validation = useValidation(text);
  const canBeTaken = validation.flaws.length === 0 && validation.document !== undefined && !validation.isChecking;
  const change = (next: Syntax) => {
    const { value } = read(text);
    if (value === undefined) return;
    setSyntax(next);
    setOriginal(write(document, next));
    setText(write(value, next));
  };
  const tools = (
    <div className={styles.tools}>
      {SYNTAXES.map((one) => (
        <Button key={one} look="quiet" aria-pressed={one === syntax} onClick={() => change(one)}>
          {one}
        </Button>
      ))}
      <Button
        look="primary"
        disabled={!canBeTaken || isGoing || (text === original && !isNew)}
        onClick={() => validation.document !== undefined && onTake(validation.document)}
      >
        {action}
      </Button>
    </div>
  );
  return (
    <Panel title={title} actions={tools}>
      {children}
      <div className={styles.columns}>
        <Editor text={text} flaws={validation.flaws} onChange={setText} />
        <Flaws validation={validation} />
      </div>
    </Panel>
  );
}
