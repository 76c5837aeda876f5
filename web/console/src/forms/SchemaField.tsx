import { Field } from "../design/Field";
import { written, type FieldSpec } from "./fields";

interface SchemaFieldProps {
  field: FieldSpec;
  text: string;
  problem: string | undefined;
  onChange: (text: string) => void;
}

/** A value to be given, with the control that its schema asks for. */
export function SchemaField({ field, text, problem, onChange }: SchemaFieldProps) {
  const { name, title, isRequired, control: kind, choices, description, alias } = field;
  const hint = [alias, description ?? HINTS[kind]].filter(Boolean).join(": ");
  return (
    <Field label={isRequired ? title : `${title} (optional)`} hint={hint} problem={problem}>
      {(control) => {
        if (kind === "choice" || kind === "boolean")
          return (
            <select {...control} name={name} value={text} onChange={({ target }) => onChange(target.value)}>
              <option value="">–</option>
              {(kind === "boolean" ? [true, false] : choices).map((choice) => (
                <option key={written(kind, choice)} value={written(kind, choice)}>
                  {typeof choice === "string" ? choice : written(kind, choice)}
                </option>
              ))}
            </select>
          );
        const isLong = kind === "json" || text.length > 60 || text.includes("\n");
        const shared = { ...control, name, value: text, required: isRequired, spellCheck: false };
        if (isLong) return <textarea {...shared} onChange={({ target }) => onChange(target.value)} />;
        const inputMode = kind === "integer" ? "numeric" : kind === "number" ? "decimal" : "text";
        return <input {...shared} inputMode={inputMode} onChange={({ target }) => onChange(target.value)} />;
      }}
    </Field>
  );
}

const HINTS = {
  text: "Text",
  integer: "A whole number",
  number: "A number",
  boolean: undefined,
  choice: undefined,
  json: "Any JSON value",
};
