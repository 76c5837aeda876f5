"""Having the database write down who claims what, in the table `taken`."""

NOTE_CLAIMS = """
create table taken (execution_id text, worker_id text);
create function note_claim() returns trigger language plpgsql as $$
begin
    insert into taken values (new.execution_id, new.worker_id);
    return null;
end $$;
create trigger claims_are_noted after update of token on execution_heads
    for each row when (new.token is not null and old.token is null) execute function note_claim();
"""

NOTE_NO_MORE = "drop trigger claims_are_noted on execution_heads; drop function note_claim; drop table taken"
