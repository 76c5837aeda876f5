import { useMemo, useRef, type KeyboardEvent } from "react";
import { classes } from "../../design/classes";
import styles from "./Editor.module.css";
import type { Flaw } from "./text";

interface EditorProps {
  text: string;
  flaws: readonly Flaw[];
  onChange: (text: string) => void;
}

const INDENT = "  ";

/** A text with numbers to its lines, and marks at those that something is wrong with. Escape, then Tab leaves it. */
export function Editor({ text, flaws, onChange }: EditorProps) {
  const gutter = useRef<HTMLDivElement>(null);
  const isLeaving = useRef(false);
  const count = useMemo(() => text.split("\n").length, [text]);
  const said = useMemo(() => byLine(flaws), [flaws]);

  const press = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    const mayLeave = isLeaving.current || event.shiftKey;
    isLeaving.current = event.key === "Escape";
    if (event.key !== "Tab" || mayLeave) return;
    event.preventDefault();
    event.currentTarget.setRangeText(
      INDENT,
      event.currentTarget.selectionStart,
      event.currentTarget.selectionEnd,
      "end",
    );
    onChange(event.currentTarget.value);
  };
  return (
    <div className={styles.editor}>
      <div ref={gutter} className={styles.gutter} aria-hidden="true">
        {Array.from({ length: count }, (_, place) => (
          <span key={place} className={classes(said.has(place + 1) && styles.wrong)} title={said.get(place + 1)}>
            {place + 1}
          </span>
        ))}
      </div>
      <textarea
        id="document"
        aria-label="Document of the flow"
        aria-invalid={flaws.length > 0}
        className={styles.text}
        value={text}
        wrap="off"
        spellCheck={false}
        autoCapitalize="off"
        onChange={({ target }) => onChange(target.value)}
        onKeyDown={press}
        onScroll={({ currentTarget }) => gutter.current?.scrollTo({ top: currentTarget.scrollTop })}
      />
    </div>
  );
}

function byLine(flaws: readonly Flaw[]): Map<number, string> {
  const said = new Map<number, string>();
  for (const { line, message } of flaws) said.set(line, [said.get(line), message].filter(Boolean).join("\n"));
  return said;
}

/** Puts the cursor at the beginning of a line of the editor that is shown. */
export function goToLine(line: number): void {
  const field = document.querySelector<HTMLTextAreaElement>("textarea#document");
  if (!field) return;
  const start = field.value.split("\n", line - 1).reduce((length, one) => length + one.length + 1, 0);
  const height = parseFloat(getComputedStyle(field).lineHeight);
  field.focus();
  field.setSelectionRange(start, start);
  field.scrollTop = Math.max(0, (line - 1) * height - field.clientHeight / 2);
}
