-- fragment: inbox_page
-- What execution d was told and has not acted on: a page that ends after 1,000 letters, or with the one that makes it
-- 8 MiB. A stop comes first, which makes the rest pointless, and the parent's other words before the ends of children.
-- `follows` says that a letter is not the last.
select id, kind, body, place, follows
from (
    select *, row_number() over in_order as place, sum(coalesce(octet_length(body), 0)) over in_order as size,
        lead(id) over in_order is not null as follows
    from (
        select id, kind, body from inbox where execution_id = d.execution_id and kind <> 'CHILD_ENDED'
        union all
        (
            select id, kind, body from inbox
            where execution_id = d.execution_id and kind = 'CHILD_ENDED'
            order by id
            limit 1001
        )
    ) as next
    window in_order as (order by kind <> 'STOP', kind = 'CHILD_ENDED', id)
) as sized
where place <= 1000 and size - coalesce(octet_length(body), 0) < 8 * 1024 * 1024
