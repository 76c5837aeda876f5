import type { ReactNode } from "react";
import { Button } from "./Button";
import styles from "./Table.module.css";

export interface Column<Row> {
  title: string;
  cell: (row: Row) => ReactNode;
  /** Left out where there is little room. */
  isMinor?: boolean;
  isNumber?: boolean;
}

interface TableProps<Row> {
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
}

export function Table<Row>({ label, columns, rows, keyOf }: TableProps<Row>) {
  const look = ({ isMinor, isNumber }: Column<Row>) =>
    [isMinor && styles.minor, isNumber && styles.number].filter(Boolean).join(" ");
  return (
    <table className={styles.table} aria-label={label}>
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column.title} scope="col" className={look(column)}>
              {column.title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)}>
            {columns.map((column) => (
              <td key={column.title} className={look(column)}>
                {column.cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The end of a list that has more. */
export function More({ isLoading, onMore }: { isLoading: boolean; onMore: () => void }) {
  return (
    <div className={styles.more}>
      <Button look="quiet" disabled={isLoading} onClick={onMore}>
        {isLoading ? "Loading …" : "Show more"}
      </Button>
    </div>
  );
}
