-- What parents tell their children is read before the ends of children, of which there may be very many.
create index inbox_words on inbox (execution_id, id) where kind <> 'CHILD_ENDED';
