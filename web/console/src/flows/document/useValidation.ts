import { useEffect, useState } from "react";
import { ValidateFlowDocument } from "../../api/generated/operations";
import { askExactly } from "../../api/exact";
import type { Problem } from "../../api/problem";
import { jsonOf, type Exact } from "./exact";
import { read, type Flaw } from "./text";

/** How long one has not typed before the text is looked at. */
const REST_MS = 350;

export interface Validation {
  /** The document as it was typed; undefined if it cannot be read, or has not been looked at. */
  readonly document: Exact | undefined;
  readonly flaws: readonly Flaw[];
  readonly isChecking: boolean;
  /** Why it could not be checked. */
  readonly problem: Problem | null;
}

const NOTHING: Validation = { document: undefined, flaws: [], isChecking: true, problem: null };

/** Has a text checked, by the server too, whenever one stops typing. */
export function useValidation(text: string): Validation {
  const [validation, setValidation] = useState(NOTHING);
  useEffect(() => {
    let isMeant = true;
    const check = async () => {
      const { value, flaws: unreadable, lineOf } = read(text);
      if (value === undefined) return setValidation({ ...NOTHING, flaws: unreadable, isChecking: false });
      const { data, problem } = await askExactly(ValidateFlowDocument, `{"document": ${jsonOf(value)}}`);
      if (!isMeant) return;
      const found = data?.validateFlow.problems.map(({ path, message }) => ({ line: lineOf(path), path, message }));
      const flaws = (found ?? []).sort((a, b) => a.line - b.line);
      setValidation({ document: value, flaws, isChecking: false, problem });
    };
    setValidation((before) => ({ ...before, isChecking: true }));
    const timer = window.setTimeout(() => void check(), REST_MS);
    return () => {
      isMeant = false;
      window.clearTimeout(timer);
    };
  }, [text]);
  return validation;
}
