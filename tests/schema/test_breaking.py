"""Nothing that clients of the last release rely on goes away unannounced."""

import hashlib

import pytest

from tests.schema.breaking import released_digest, unannounced
from tests.tidegate.processes import ROOT

RELEASED = ROOT / "tests" / "schema" / "released.graphql"
CHANGELOG = (ROOT / "CHANGELOG.md").read_text()
SCHEMA = (ROOT / "schema.graphql").read_text()

EARLIER = """
directive @once on FIELD
scalar Name
union Thing = Flow | Run
enum Status { RUNNING STOPPED }
interface Node { id: ID! }
input Filter { status: Status }
type Flow implements Node { id: ID! name: Name! }
type Run { status: Status! }
type Query { flow(id: ID!): Flow runs(filter: Filter): [Run!]! thing: Thing }
"""

CHANGES = [
    ("type Run { status", "type Run { state", "Run.status"),
    ("name: Name!", "name: Name", "Flow.name"),
    ("name: Name!", "name: String!", "Name"),
    ("RUNNING STOPPED", "RUNNING", "Status.STOPPED"),
    ("flow(id: ID!)", "flow(id: ID! why: String!)", "Query.flow"),
    ("flow(id: ID!)", "flow", "Query.flow"),
    ("input Filter { ", "input Filter { flow: ID! ", "Filter.flow"),
    ("Flow | Run", "Flow", "Run"),
    ("Flow implements Node", "Flow", "Flow"),
    ("directive @once on FIELD", "", "once"),
]
"""Of the earlier schema, what is replaced by what, and what the changelog must name."""


def test_what_breaks_clients_of_the_last_release_is_in_the_changelog() -> None:
    assert unannounced(RELEASED.read_text(), SCHEMA, CHANGELOG) == []


def test_the_released_schema_changes_only_together_with_the_changelog() -> None:
    assert released_digest(CHANGELOG) == hashlib.sha256(RELEASED.read_bytes()).hexdigest()


@pytest.mark.parametrize(("old", "new", "subject"), CHANGES)
def test_a_breaking_change_must_be_announced_by_an_entry_that_names_it(old: str, new: str, subject: str) -> None:
    changed = EARLIER.replace(old, new).replace("scalar Name", "" if subject == "Name" else "scalar Name")
    entries = "".join(f"- Breaking: this and\n  `{name}` have changed.\n" for name in (subject, "Flow.name"))

    assert unannounced(EARLIER, changed, "# Changelog\n\n## Unreleased\n\n- Breaking: `Query.thing`.\n") != []
    assert unannounced(EARLIER, changed, f"# Changelog\n\n## Unreleased\n\n- Else.\n{entries}") == []
    assert unannounced(EARLIER, changed, f"# Changelog\n\n## Unreleased\n\n- Else.\n\n## 1.0\n\n{entries}") != []


def test_what_is_only_added_needs_no_announcement() -> None:
    grown = EARLIER.replace("RUNNING STOPPED", "RUNNING PAUSED STOPPED").replace("type Run {", "type Run { number: Int")

    assert unannounced(EARLIER, grown, "") == []
