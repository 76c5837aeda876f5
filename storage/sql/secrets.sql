-- name: put_secret
-- Store a secret, in place of what the owner had under the name; $1 is the id of a new one.
insert into secrets (id, owner_id, name, key_id, sealed)
values ($1, $2, $3, $4, $5)
on conflict (owner_id, name)
do update set key_id = excluded.key_id, sealed = excluded.sealed, updated_at = clock_timestamp()
returning id, owner_id, name, key_id, updated_at;

-- name: delete_secret
-- Forget a secret; gives its id.
delete from secrets where owner_id = $1 and name = $2 returning id;

-- name: list_secrets
-- The secrets of an owner by name, without what they say.
select id, owner_id, name, key_id, updated_at from secrets
where owner_id = $1 and name > $2
order by name
limit $3;

-- name: secret_by_id
-- A secret by its id, without what it says, if it belongs to user $2 or $3 is true.
select id, owner_id, name, key_id, updated_at from secrets where id = $1 and (owner_id = $2 or $3::boolean);

-- name: sealed_secret
-- What is stored of a secret.
select key_id, sealed from secrets where owner_id = $1 and name = $2;

-- name: sealed_otherwise
-- The next secrets, from the one after id $2 on, that another key than $1 has sealed; nobody changes them before the end of
-- this transaction.
select id, owner_id, name, key_id, sealed from secrets
where key_id <> $1 and id > $2
order by id
limit $3
for update;

-- name: seal_again
-- Put secrets, by id, under another key; to their owners nothing has changed.
update secrets
set key_id = again.key_id, sealed = again.sealed
from unnest($1::text[], $2::text[], $3::bytea[]) as again (id, key_id, sealed)
where secrets.id = again.id;
