import { useState } from "react";
import type { Problem } from "../api/problem";
import { readAll, type FieldSpec } from "./fields";

/** What is typed into some fields, and what is wrong with it. */
export interface Fields {
  readonly specs: readonly FieldSpec[];
  textOf(name: string): string;
  problemOf(name: string): string | undefined;
  change(name: string, text: string): void;
  /** Whether a field has another text than at first. */
  isChanged(spec: FieldSpec): boolean;
  /** The values of these fields, or of all; null, with the problems shown, if something is wrong. */
  read(specs?: readonly FieldSpec[]): Record<string, unknown> | null;
  /** Shows a refusal by the API at the field that `nameOf` finds by the place that it names; false if there is none. */
  place(problem: Problem, nameOf: (place: string) => string | undefined): boolean;
  reset(): void;
}

export function useFields(specs: readonly FieldSpec[]): Fields {
  const [texts, setTexts] = useState<Record<string, string>>({});
  const [problems, setProblems] = useState<Record<string, string>>({});
  const textOf = ({ name, initial }: FieldSpec) => texts[name] ?? initial;
  return {
    specs,
    textOf: (name) => specs.filter((spec) => spec.name === name).map(textOf)[0] ?? "",
    problemOf: (name) => problems[name],
    change: (name, text) => setTexts((before) => ({ ...before, [name]: text })),
    isChanged: (spec) => textOf(spec) !== spec.initial,
    read(wanted = specs) {
      const typed = Object.fromEntries(wanted.map((spec) => [spec.name, textOf(spec)]));
      const { values, problems } = readAll(wanted, typed);
      setProblems(problems);
      return Object.keys(problems).length > 0 ? null : values;
    },
    place({ field = "", message }, nameOf) {
      const name = nameOf(field);
      if (name === undefined || !specs.some((spec) => spec.name === name)) return false;
      setProblems({ [name]: message });
      return true;
    },
    reset: () => setTexts({}),
  };
}

/** The name of the field for a member of what stands at `prefix`, for `Fields.place`. */
export const memberAt = (prefix: string) => (place: string) =>
  place.startsWith(`${prefix}.`) ? place.slice(prefix.length + 1).split(".")[0] : undefined;
