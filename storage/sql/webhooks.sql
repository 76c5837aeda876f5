-- name: lock_owner
-- Let one webhook of an owner be made after the other, until this transaction ends.
select pg_advisory_xact_lock(hashtextextended('webhooks of ' || $1, 0));

-- name: count_of_owner
-- How many webhooks an owner has.
select count(*) from webhooks where owner_id = $1;

-- name: create_webhook
-- Make a webhook of a flow that is there. Gives no row if the flow is gone.
with flow as (
    select id from flows where id = $2 and deleted_at is null for key share
)
insert into webhooks (id, flow_id, owner_id, event_name, key_id, signing_key)
select $1, flow.id, $3, $4, $5, $6 from flow
returning id, flow_id, owner_id, event_name, created_at;

-- name: webhooks_by_id
-- The webhooks among these ids, whoever owns them.
select id, flow_id, owner_id, event_name, created_at from webhooks where id = any ($1::text[]);

-- name: list_webhooks
-- The webhooks of a flow, newest first.
select id, flow_id, owner_id, event_name, created_at from webhooks
where flow_id = $1 and id < $2
order by id desc
limit $3;

-- name: delete_webhook
-- Take a webhook out.
delete from webhooks where id = $1;

-- name: receiver
-- A webhook whose owner may run its flow, with its key, the flow as it is now, and the time.
select webhooks.*, flows.latest_version, flows.name as flow_name, clock_timestamp() as now
from webhooks
join flows on flows.id = webhooks.flow_id
where webhooks.id = $1 and flows.deleted_at is null and exists (
    select from flow_access a
    where a.flow_id = webhooks.flow_id and a.user_id = webhooks.owner_id and a.level >= 2 offset 0
);

-- name: sealed_otherwise
-- The next webhooks, from the one after id $2 on, whose signing keys are not sealed with key $1; nobody changes them before
-- the end of this transaction.
select id, owner_id, 'webhook ' || id as name, key_id, signing_key as sealed from webhooks
where key_id is distinct from $1 and id > $2
order by id
limit $3
for update;

-- name: seal_again
-- Put the signing keys of webhooks, by id, under another key.
update webhooks
set key_id = again.key_id, signing_key = again.sealed
from unnest($1::text[], $2::text[], $3::bytea[]) as again (id, key_id, sealed)
where webhooks.id = again.id;
