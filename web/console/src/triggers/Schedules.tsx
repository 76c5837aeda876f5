import { useEffect, useState, type ReactNode } from "react";
import { Link } from "wouter";
import {
  DeleteScheduleDocument,
  PauseScheduleDocument,
  ResumeScheduleDocument,
  type ScheduleRowFragment,
} from "../api/generated/operations";
import type { List } from "../api/list";
import { useCommand } from "../app/command";
import { executionPath } from "../app/routes";
import { Button } from "../design/Button";
import { Confirm } from "../design/Confirm";
import { Loading, Notice, ProblemNotice } from "../design/Notice";
import { More, Table, type Column } from "../design/Table";
import { Time } from "../design/Time";
import styles from "./Triggers.module.css";

type Schedule = ScheduleRowFragment;

/** How long after a schedule was due its execution is looked for. */
const LATER_MS = 2000;
/** The longest time that browsers can wait for. */
const LONGEST_MS = 2 ** 31 - 1;

interface SchedulesProps {
  schedules: List<Schedule>;
  /** Says which flow a schedule runs, where that is not plain. */
  flowOf?: (flowId: string) => ReactNode;
  none: ReactNode;
}

/** Schedules, with what can be done about them. */
export function Schedules({ schedules, flowOf, none }: SchedulesProps) {
  const { rows, problem, hasMore, isLoading, more, refresh, revise } = schedules;
  const [leaving, setLeaving] = useState<Schedule | null>(null);
  const command = useCommand();
  useWhenDue(rows, refresh);
  const toggle = async ({ id, paused }: Schedule) => {
    const next = paused
      ? (await command(ResumeScheduleDocument, { id }))?.resumeSchedule.schedule
      : (await command(PauseScheduleDocument, { id }))?.pauseSchedule.schedule;
    if (next) revise((row) => (row.id === id ? next : row));
  };
  const remove = async ({ id }: Schedule) => {
    if (await command(DeleteScheduleDocument, { id })) revise((row) => (row.id === id ? null : row));
  };
  const does = (schedule: Schedule) => {
    const verb = schedule.paused ? "Resume" : "Pause";
    return (
      <div className={styles.actions}>
        <Button look="quiet" aria-label={`${verb} ${schedule.cron}`} onClick={() => void toggle(schedule)}>
          {verb}
        </Button>
        <Button look="quiet" aria-label={`Delete ${schedule.cron}`} onClick={() => setLeaving(schedule)}>
          Delete
        </Button>
      </div>
    );
  };
  const columns: Column<Schedule>[] = [
    ...(flowOf ? [{ title: "Flow", cell: ({ flowId }: Schedule) => flowOf(flowId) }] : []),
    ...COLUMNS,
    { title: "Actions", cell: does, isNumber: true },
  ];
  return (
    <>
      {problem && <ProblemNotice problem={problem} onRetry={refresh} />}
      {!rows && !problem && <Loading lines={3} label="Loading schedules" />}
      {rows && rows.length > 0 && <Table label="Schedules" columns={columns} rows={rows} keyOf={({ id }) => id} />}
      {rows?.length === 0 && !problem && <Notice title="There are no schedules yet">{none}</Notice>}
      {hasMore && <More isLoading={isLoading} onMore={more} />}
      {leaving && (
        <Confirm
          title={`Delete the schedule ${leaving.cron}?`}
          action="Delete it"
          onConfirm={() => remove(leaving)}
          onClose={() => setLeaving(null)}
        >
          It is due no more. The executions that it has made stay.
        </Confirm>
      )}
    </>
  );
}

/** Looks again when the first schedule has been due. */
function useWhenDue(rows: readonly Schedule[] | null, look: () => void): void {
  const times = (rows ?? []).flatMap(({ nextFireAt }) => (nextFireAt ? [Date.parse(nextFireAt)] : []));
  const first = Math.min(...times);
  useEffect(() => {
    const wait = Math.max(0, first - Date.now()) + LATER_MS;
    if (wait > LONGEST_MS) return;
    const timer = window.setTimeout(look, wait);
    return () => window.clearTimeout(timer);
  }, [first, look]);
}

const CATCH_UP = {
  SKIP: "missed times are left out",
  LATEST: "the last missed time is made up for",
  ALL: "each missed time is made up for",
};

const COLUMNS: Column<Schedule>[] = [
  {
    title: "Due",
    cell: ({ cron, timeZone, catchUp, inputs }) => (
      <>
        <code>{cron}</code>
        <div className={styles.minor}>
          {timeZone}, {CATCH_UP[catchUp]}
        </div>
        {Object.keys(inputs as object).length > 0 && <code className={styles.inputs}>{JSON.stringify(inputs)}</code>}
      </>
    ),
  },
  { title: "Next", cell: ({ nextFireAt }) => (nextFireAt ? <Time at={nextFireAt} /> : "Paused") },
  {
    title: "Last",
    isMinor: true,
    cell: ({ lastFireAt, lastExecutionId, lastError }) => (
      <>
        {lastFireAt ? <Time at={lastFireAt} /> : "–"}{" "}
        {lastExecutionId && <Link href={executionPath(lastExecutionId)}>Execution</Link>}
        {lastError && <div className={styles.error}>{lastError}</div>}
      </>
    ),
  },
];
