-- What makes executions without a client that calls createExecution: schedules at their times, and webhooks when somebody
-- sends them something. Both belong to a flow, and end with it.

-- next_fire_at is null while the schedule is paused, and when it will never be due again. caught_up counts the due times
-- in a row that were made up for after an outage.
create table schedules (
    id text collate "C" primary key,
    flow_id text collate "C" not null references flows (id) on delete cascade,
    owner_id text collate "C" not null,
    cron text not null,
    time_zone text not null,
    catch_up text not null check (catch_up in ('SKIP', 'LATEST', 'ALL')),
    inputs text not null,
    created_at timestamptz not null default clock_timestamp(),
    paused boolean not null default false,
    next_fire_at timestamptz,
    last_fire_at timestamptz,
    last_execution_id text collate "C",
    last_error text,
    caught_up integer not null default 0,
    check (not paused or next_fire_at is null)
);

create index schedules_by_due on schedules (next_fire_at) where next_fire_at is not null;
create index schedules_by_flow on schedules (flow_id, id desc);
create index schedules_by_owner on schedules (owner_id, id desc);

-- signing_key is what the senders of a webhook sign with; it must be readable to check what they send.
create table webhooks (
    id text collate "C" primary key,
    flow_id text collate "C" not null references flows (id) on delete cascade,
    owner_id text collate "C" not null,
    event_name text not null,
    signing_key bytea not null,
    created_at timestamptz not null default clock_timestamp()
);

create index webhooks_by_flow on webhooks (flow_id, id desc);
create index webhooks_by_owner on webhooks (owner_id);
