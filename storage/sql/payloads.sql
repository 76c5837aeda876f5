-- name: load_payloads
-- The large values of a tree by their ids.
select id, text from payloads where root_id = $1 and id = any($2::text[]);
