import { SchemaField } from "./SchemaField";
import type { Fields } from "./useFields";

export function SchemaFields({ fields }: { fields: Fields }) {
  return fields.specs.map((field) => (
    <SchemaField
      key={field.name}
      field={field}
      text={fields.textOf(field.name)}
      problem={fields.problemOf(field.name)}
      onChange={(text) => fields.change(field.name, text)}
    />
  ));
}
