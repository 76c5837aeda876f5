-- Where an execution and its commands came from, in the traces of whoever asked for them.

-- traceparent is that of the request that has made the execution (seq 0) or sent the command with that number; its form is
-- W3C's (https://www.w3.org/TR/trace-context/#traceparent-header). Rows are written only by processes that trace.
-- That of a child is written before the child, so the tree's root is what it hangs on.
create table traces (
    execution_id text collate "C" not null,
    seq integer not null,
    root_id text collate "C" not null references executions (id) on delete cascade,
    traceparent text not null,
    primary key (execution_id, seq)
);

create index traces_by_root on traces (root_id);
