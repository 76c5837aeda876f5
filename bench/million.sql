-- A million executions, a second apart: 700,000 roots, nine tenths of them of user local, and 300,000 children, 9,999 of them in one
-- tree. Of a thousand 3 run and 10 have failed, three in all are paused. The labels of a root are its environment, of
-- which there are two, and its customer, of whom there are 5,000.

-- A single expression, so that Postgres puts it in place of each call.
create function pg_temp.digit(number bigint, place integer) returns text language sql immutable as $$
    select substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', (number >> (5 * place) & 31)::integer + 1, 1)
$$;

insert into flows (id, owner_id, name, latest_version)
select 'FL' || n, case when n % 10 > 0 then 'local' else 'eve' end, 'Flow ' || n, 1 from generate_series(0, 96) as n;
insert into flow_versions (flow_id, version, name, document) select id, 1, name, '{}' from flows;

create temporary table made as
select n, moment, 'EX' || pg_temp.digit(time, 9) || pg_temp.digit(time, 8) || pg_temp.digit(time, 7)
    || pg_temp.digit(time, 6) || pg_temp.digit(time, 5) || pg_temp.digit(time, 4) || pg_temp.digit(time, 3)
    || pg_temp.digit(time, 2) || pg_temp.digit(time, 1) || pg_temp.digit(time, 0)
    || pg_temp.digit(n, 5) || pg_temp.digit(n, 4) || pg_temp.digit(n, 3) || pg_temp.digit(n, 2)
    || pg_temp.digit(n, 1) || pg_temp.digit(n, 0) as id
from generate_series(0, 999999) as n
cross join lateral (select timestamptz '2026-01-01' + n * interval '1 second' as moment) as moments
cross join lateral (select (extract(epoch from moment) * 1000)::bigint << 2 as time) as times;
create index on made (n);
analyze made;

insert into executions (
    id, flow_id, flow_version, owner_id, root_id, parent_id, depth, created_at, updated_at, inputs, port_values, options,
    status, completed_at, outputs, error
)
select made.id, 'FL' || root.n % 97, 1, case when root.n % 97 % 10 > 0 then 'local' else 'eve' end, root.id,
    case when made.n <> root.n then root.id end, (made.n <> root.n)::integer, made.moment, made.moment, '{}', '[]', '{}',
    status, case when status not in ('RUNNING', 'PAUSED') then made.moment end,
    case when status = 'COMPLETED' then '{}' end,
    case when status = 'FAILED' then json_build_object('code', 'NODE', 'message',
        'The service ' || made.n % 1000 || ' gave the answer ' || md5(made.n::text), 'nodeId', 'n')::text end
from made
join made as root on root.n = case
    when made.n > 990000 then 990000 when made.n % 10 >= 7 then made.n - made.n % 10 else made.n end
cross join lateral (
    select case when made.n in (1000, 400000, 900000) then 'PAUSED' when made.n % 1000 < 3 then 'RUNNING'
        when made.n % 1000 < 13 then 'FAILED' else 'COMPLETED' end as status
) as standing;

insert into execution_heads (execution_id, last_index, accepted_status) select id, 4, status from executions;
insert into child_budgets (root_id, used) select root_id, count(*) from executions where depth > 0 group by root_id;
insert into labels (root_id, name, value, position, owner_id)
select id, name, value, position, owner_id
from (select id, owner_id, row_number() over (order by id) as n from executions where parent_id is null) as roots
cross join lateral (
    values ('environment', case when n % 10 > 0 then 'prod' else 'test' end, 1), ('customer', (n % 5000)::text, 2)
) as label (name, value, position);
