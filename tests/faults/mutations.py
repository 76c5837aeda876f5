"""Protections that are taken away one at a time, each with the tests of which one must then fail."""

from collections.abc import Sequence
from typing import NamedTuple

APPEND, CLAIMS, COMMANDS = "storage/sql/append.sql", "storage/sql/claims.sql", "storage/sql/commands.sql"
EVENTS, WORKERS = "storage/sql/events.sql", "storage/sql/workers.sql"
SCHEDULES, TREES = "storage/sql/schedules.sql", "storage/sql/trees.sql"


class Mutation(NamedTuple):
    """A text that stands once in a file and what it is replaced by; `proofs` are ids of tests."""

    name: str
    file: str
    old: str
    new: str
    proofs: Sequence[str]


def _scene(fault: str) -> str:
    return f"tests/faults/test_short_campaign.py::test_no_invariant_is_violated_by[{fault}]"


_GUESTS = (
    "tests/jobs/test_guests.py::test_every_misbehaving_node_fails_by_name_and_healthy_executions_beside_it_complete"
)
_MODULES = (
    "tests/tidegate/test_node_sources.py::"
    "test_a_module_that_cannot_be_imported_is_named_with_its_reason_and_the_others_are_there"
)

MUTATIONS: Sequence[Mutation] = (
    Mutation(
        "an append does not compare tokens",
        APPEND,
        "where h.token = m.token and h.last_index",
        "where h.last_index",
        ["tests/storage/test_append.py::test_a_stale_token_writes_nothing_at_all"],
    ),
    Mutation(
        "an append does not compare indices",
        APPEND,
        "where h.token = m.token and h.last_index = m.expected_index and",
        "where h.token = m.token and",
        ["tests/storage/test_append.py::test_an_append_beyond_the_end_of_the_log_is_refused"],
    ),
    Mutation(
        "an append overtakes commands",
        APPEND,
        " and (m.seen is null or h.mailbox_seq = m.seen)\n",
        "\n",
        ["tests/storage/test_append.py::test_a_command_that_was_not_seen_goes_before_the_end"],
    ),
    Mutation(
        "an append waits for a head that somebody holds",
        APPEND,
        "for no key update of h skip locked",
        "for no key update of h",
        ["tests/storage/test_append.py::test_a_locked_head_is_busy_and_the_others_are_written_at_once"],
    ),
    Mutation(
        "an append that is sent again is not recognized",
        APPEND,
        "or h.append_id = m.append_id then 'committed'\n        -- include",
        "then 'committed'\n        -- include",
        [_scene("cut in_append")],
    ),
    Mutation(
        "a spawning append that is sent again is not recognized",
        APPEND,
        "or h.append_id = m.append_id then 'committed'\n        when l.",
        "then 'committed'\n        when l.",
        [_scene("cut in_spawn")],
    ),
    Mutation(
        "commands are not marked as applied",
        APPEND,
        "b.seq <= o.consumed and not b.applied",
        "b.seq < o.consumed and not b.applied",
        [_scene("nothing")],
    ),
    Mutation(
        "a claim takes heads that have moved since its snapshot",
        CLAIMS,
        " and h.mailbox_seq = seen.mailbox_seq and h.append_id is not distinct from seen.append_id",
        "",
        ["tests/storage/test_claims.py::test_a_claim_whose_snapshot_is_older_than_the_head_takes_nothing"],
    ),
    Mutation(
        "a timer that was spent meanwhile wakes all the same",
        CLAIMS,
        "for no key update of h, t skip locked",
        "for no key update of h skip locked",
        ["tests/storage/test_claims.py::test_a_wake_up_whose_snapshot_is_older_than_the_timer_queues_nothing"],
    ),
    Mutation(
        "a lost worker's executions stay with it",
        CLAIMS,
        "    set token = null, worker_id = null, claimed_at = null,\n        lost_worker_id",
        "    set claimed_at = null,\n        lost_worker_id",
        [_scene("kill before_effect")],
    ),
    Mutation(
        "a command to a parked execution queues nothing",
        COMMANDS,
        "    where a.token is null\n",
        "    where false\n",
        ["tests/storage/test_commands.py::test_a_command_to_a_parked_execution_queues_it_in_the_same_statement"],
    ),
    Mutation(
        "a page of a log begins one event too late",
        EVENTS,
        "where execution_id = $1 and index >= $2 order by",
        "where execution_id = $1 and index > $2 order by",
        [_scene("stalled subscribers")],
    ),
    Mutation(
        "a beat at the last moment does not save a worker",
        WORKERS,
        "beat = $2)",
        "beat >= $2)",
        ["tests/jobs/test_sweeper.py::test_a_beat_between_the_look_and_the_theft_saves_the_worker"],
    ),
    Mutation(
        "nobody is ever given up",
        "jobs/sweeper.py",
        "if now - since >= self._lease]",
        "if now < since]",
        [_scene("kill after_claim")],
    ),
    Mutation(
        "an outage counts as silence",
        "jobs/sweeper.py",
        "self._seen.clear()",
        "pass",
        ["tests/jobs/test_sweeper.py::test_nobody_is_given_up_after_an_outage_in_which_nobody_could_beat"],
    ),
    Mutation(
        "a worker that was given up works on",
        "jobs/heartbeat.py",
        "if now is None:\n            raise WorkerGivenUp",
        "if now is None:\n            return",
        [_scene("beat no more")],
    ),
    Mutation(
        "what the database refuses fails with all that was sent with it",
        "jobs/journal.py",
        "if len(batch) == 1:\n            _fail(batch[0], _refusal(error))",
        "if batch:\n            for each in batch:\n                _fail(each, _refusal(error))",
        ["tests/jobs/test_journal.py::test_of_fifty_appends_only_the_poisoned_one_fails"],
    ),
    Mutation(
        "mailboxes are not polled",
        "jobs/mailroom.py",
        "            if self._listeners:\n                await self._poll()",
        "            pass",
        ["tests/jobs/test_stop.py::test_a_stop_is_applied_within_a_second_although_notifications_do_not_get_through"],
    ),
    Mutation(
        "an effect begins before its start is in the log",
        "engine/runner.py",
        "while self._effects and self._effects[0][0] <= self._writer.committed and",
        "while self._effects and",
        ["tests/engine/test_random_graphs.py"],
    ),
    Mutation(
        "an effect begins although the lease is over",
        "engine/attempts.py",
        "while not (node.node_type.safe or self._may_begin()):",
        "while False:",
        ["tests/engine/test_lease.py"],
    ),
    Mutation(
        "the end overtakes a command",
        "engine/runner.py",
        "consumed=self._seen, seen=self._seen):",
        "consumed=self._seen, seen=None):",
        ["tests/jobs/test_stop.py::test_stop_wins_over_an_end_that_is_being_written"],
    ),
    Mutation(
        "a park overtakes a command",
        "engine/runner.py",
        "seen = None if requeue else self._seen",
        "seen = None",
        ["tests/jobs/test_start.py::test_a_park_that_comes_in_while_the_start_is_being_accepted_is_called_off"],
    ),
    Mutation(
        "nobody looks again after letting go",
        "jobs/family.py",
        "if _may_have_missed_something(member):",
        "if False:",
        ["tests/jobs/test_family.py::test_what_was_told_while_an_execution_was_let_go_of_wakes_it"],
    ),
    Mutation(
        "a tree has as many children as it likes",
        APPEND,
        "where b.used + excluded.used <= (select w.child_limit from wanted w where w.root_id = excluded.root_id)",
        "where true",
        ["tests/storage/test_families.py::test_what_is_over_budget_writes_nothing_at_all_and_keeps_its_claim"],
    ),
    Mutation(
        "a client that reads nothing is waited for",
        "resolvers/sending.py",
        "asyncio.timeout(SEND_SECONDS)",
        "asyncio.timeout(None)",
        ["tests/api/test_lost_clients.py::test_a_client_that_stops_reading_is_cut_and_nothing_is_left_of_it"],
    ),
    Mutation(
        "a connection is closed only once all is sent",
        "resolvers/sockets.py",
        "websocket.state.abort()",
        "pass",
        ["tests/api/test_lost_clients.py::test_a_client_that_stops_reading_is_cut_and_nothing_is_left_of_it[socket]"],
    ),
    Mutation(
        "faults do not fire",
        "tidegate/faults.py",
        "if fault := self.passing(point):",
        "if (fault := self.passing(point)) and not fault:",
        [_scene("kill after_effect")],
    ),
    Mutation(
        "a reader writes the order of a tree although another one was faster",
        TREES,
        " where h.length = $2\n",
        "\n",
        ["tests/storage/test_tree_tail.py::test_two_processes_that_write_the_order_at_once_write_one_order"],
    ),
    Mutation(
        "a reader of a tree goes on in an order that was made anew",
        "storage/tree_log.py",
        "        raise Conflict(LOST)\n\n\nasync def read_tree_page",
        "        pass\n\n\nasync def read_tree_page",
        ["tests/storage/test_tree_tail_faults.py::test_an_order_that_was_made_anew_is_no_place_to_go_on_in"],
    ),
    Mutation(
        "a parent tells of its child's end before the child's own events",
        "storage/tree_order.py",
        "elif news.child_id in due:",
        "elif False:",
        ["tests/storage/test_tree_order.py::test_any_family_seen_at_any_times_is_in_order_and_complete"],
    ),
    Mutation(
        "a due time is fired for whether or not somebody has done so",
        SCHEDULES,
        "schedules.id = $1 and schedules.next_fire_at = $2 and",
        "schedules.id = $1 and $2::timestamptz is not null and",
        ["tests/jobs/test_schedules.py::test_a_turn_that_was_taken_is_not_taken_again"],
    ),
    Mutation(
        "a firing waits for another of the same schedule",
        SCHEDULES,
        "for no key update of schedules skip locked",
        "for no key update of schedules",
        ["tests/jobs/test_schedules.py::test_many_at_once_fire_once_and_nobody_waits_for_one_that_is_at_it"],
    ),
    Mutation(
        "a fork takes over what hangs on a node that runs again",
        "engine/forks.py",
        "return reach(follows, _lost(",
        "return set(_lost(",
        ["tests/engine/test_forks.py::test_a_failure_that_was_handled_is_tried_again_with_its_handling"],
    ),
    Mutation(
        "a fork leaves the large values to the original",
        "storage/sql/forks.sql",
        "where payloads.id = any($6::text[])",
        "where false",
        ["tests/jobs/test_forks.py::test_a_retry_whose_worker_is_killed_goes_on_and_never_runs_what_it_took_over"],
    ),
    Mutation(
        "a message to a webhook needs no signature",
        "engine/webhook_signature.py",
        "if any(fitting) and is_timely",
        "if is_timely",
        ["tests/engine/test_webhook_signature.py::test_another_body_and_another_key_are_refused"],
    ),
    Mutation(
        "a message to a webhook never grows old",
        "engine/webhook_signature.py",
        "if any(fitting) and is_timely",
        "if any(fitting)",
        ["tests/engine/test_webhook_signature.py::test_a_message_is_of_this_time_for_five_minutes"],
    ),
    Mutation(
        "a guest that holds the event loop is not interrupted",
        "engine/watch.py",
        "signal.pthread_kill(_main_thread(), SIGNAL)",
        "pass",
        [_GUESTS],
    ),
    Mutation(
        "what a guest gives is not held against its model",
        "engine/host.py",
        "begin(node_type, inputs, context, check_result)",
        "begin(node_type, inputs, context)",
        [_GUESTS],
    ),
    Mutation(
        "what keeps a module from being imported ends the process",
        "tidegate/node_sources.py",
        "        except BaseException as error:\n            self._miss",
        "        except ImportError as error:\n            self._miss",
        [_MODULES],
    ),
)
