-- Flows, their immutable versions, executions, and the log that is each execution's state.
--
-- Ids are compared byte by byte (COLLATE "C"), so that they sort by creation. A head is narrow and has no index but its
-- primary key: the hot update of each append stays within its page. All that decides who may write (claim, mailbox
-- sequence, queue) is written only while the head's row is locked, and the head is always locked first. The tables that
-- every append writes have no foreign keys: their check would cost more than the write, and a tree is pruned as a whole.

create table flows (
    id text collate "C" primary key,
    owner_id text collate "C" not null,
    name text not null,
    description text,
    latest_version integer not null,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    deleted_at timestamptz
);

create index flows_by_owner on flows (owner_id, id desc) where deleted_at is null;

create table flow_versions (
    flow_id text collate "C" not null references flows (id),
    version integer not null check (version >= 1),
    name text not null,
    document text not null,
    created_at timestamptz not null default clock_timestamp(),
    primary key (flow_id, version)
);

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'a row of % never changes', tg_table_name using errcode = 'integrity_constraint_violation';
end $$;

create trigger flow_versions_are_immutable before update on flow_versions
    for each row execute function refuse_change();

create table executions (
    id text collate "C" primary key,
    flow_id text collate "C" not null,
    flow_version integer not null,
    owner_id text collate "C" not null,
    status text not null default 'CREATED',
    root_id text collate "C" not null,
    parent_id text collate "C",
    depth integer not null default 0,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    started_at timestamptz,
    completed_at timestamptz,
    inputs text not null,
    port_values text not null,
    outputs text,
    error text,
    failed_node_count integer not null default 0,
    options text not null,
    integration text,
    external_events text not null default '[]',
    priority integer not null default 0,
    idempotency_key text,
    request_digest text,
    failure_count integer not null default 0,
    last_failure_reason text,
    last_failure_at timestamptz,
    foreign key (flow_id, flow_version) references flow_versions (flow_id, version),
    check (status in ('CREATED', 'RUNNING', 'PAUSED', 'COMPLETED', 'FAILED', 'STOPPED')),
    check ((status in ('COMPLETED', 'FAILED', 'STOPPED')) = (completed_at is not null)),
    check ((outputs is not null) = (status = 'COMPLETED')),
    check ((parent_id is null) = (id = root_id))
);

create index executions_by_root on executions (root_id, depth, id);
create index executions_by_parent on executions (parent_id, id) where parent_id is not null;
create index root_executions_by_flow on executions (flow_id, id desc) where parent_id is null;
create index root_executions_by_owner on executions (owner_id, id desc) where parent_id is null;
create index unfinished_executions_by_flow on executions (flow_id) where completed_at is null;
create unique index executions_by_idempotency_key on executions (owner_id, idempotency_key)
    where idempotency_key is not null;

-- accepted_status is the status as if every accepted command had been applied; mailbox_seq the last accepted command.
-- token fences the owner: only who knows it may append. lost_worker_id names the worker whose claim was taken away.
create table execution_heads (
    execution_id text collate "C" primary key,
    last_index integer not null default -1,
    token uuid,
    worker_id text collate "C",
    claimed_at timestamptz,
    lost_worker_id text collate "C",
    append_id uuid,
    mailbox_seq integer not null default 0,
    accepted_status text not null default 'CREATED',
    updated_at timestamptz not null default clock_timestamp(),
    check ((token is null) = (worker_id is null))
) with (fillfactor = 50);

create table execution_events (
    execution_id text collate "C" not null,
    index integer not null check (index >= -1),
    type text not null,
    node_id text,
    timestamp timestamptz not null,
    data text not null,
    primary key (execution_id, index)
);

create trigger execution_events_never_change before update on execution_events
    for each row execute function refuse_change();

-- The values that are too large for the log, shared by all executions of a tree; id is the SHA-256 of text.
create table payloads (
    root_id text collate "C" not null,
    id text collate "C" not null,
    text text not null,
    primary key (root_id, id)
);

-- Accepted commands; a row is applied in the append whose events acknowledge it.
create table mailbox (
    execution_id text collate "C" not null,
    seq integer not null,
    command text not null,
    payload text,
    accepted_at timestamptz not null default clock_timestamp(),
    applied boolean not null default false,
    primary key (execution_id, seq)
);

create index mailbox_unapplied on mailbox (execution_id, seq) where not applied;

-- One row for each execution that a worker should look at (worker_id is null) or that a worker holds.
create table queue (
    execution_id text collate "C" primary key,
    owner_id text collate "C" not null,
    priority integer not null,
    ready_at timestamptz not null default clock_timestamp(),
    worker_id text collate "C"
) with (fillfactor = 50);

create index queue_ready on queue (owner_id, priority desc, ready_at) where worker_id is null;
create index queue_held on queue (worker_id) where worker_id is not null;

-- When a parked execution is to be looked at again.
create table timers (
    execution_id text collate "C" primary key,
    due_at timestamptz not null
);

create index timers_by_due on timers (due_at);

-- beat counts up while the worker's event loop makes progress; a row that is gone tells its worker to stop.
create table workers (
    id text collate "C" primary key,
    host text not null,
    pid integer not null,
    concurrency integer not null,
    beat bigint not null default 0,
    beat_at timestamptz not null default clock_timestamp(),
    started_at timestamptz not null default clock_timestamp()
) with (fillfactor = 50);
