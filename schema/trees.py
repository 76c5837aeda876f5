"""Trees of executions, and the list of their roots."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from functools import partial
from operator import attrgetter

import strawberry
from strawberry import ID

from schema.asks import Info
from schema.executions import Execution
from schema.node import Node
from schema.paging import PageInfo, encode_cursor, page
from schema.view import NOTHING, Known, resolved_unless_known, viewed
from storage.executions import ExecutionRow

ROOT_SUFFIX = "@root"
MEMBER_SUFFIX = "@member"
TREE_CURSOR = "tree"


def _execution(shown: "ExecutionTreeNode | RootExecution") -> Execution:
    return Execution(row=shown.row, known=shown.known)


@strawberry.type(description="A member of a tree of executions.")
class ExecutionTreeNode(Node):
    row: strawberry.Private[ExecutionRow]
    known: strawberry.Private[Known] = field(default_factory=dict)

    @property
    def global_id(self) -> str:
        return f"{self.row.id}{MEMBER_SUFFIX}"

    level: int = viewed("Its distance from the root, whose level is 0.", attrgetter("row.depth"))
    parent_id: ID | None = viewed("The execution that spawned it; null for the root.", attrgetter("row.parent_id"))

    execution: Execution = viewed("The execution.", _execution)


@strawberry.type(description="One member of a list, and where it stands.")
class ExecutionTreeEdge:
    node: ExecutionTreeNode = strawberry.field(description="The member.")
    cursor: str = strawberry.field(description="Give it as `after` to get what follows.")


@strawberry.type(description="One page of a list.")
class ExecutionTreeConnection:
    edges: list[ExecutionTreeEdge] = strawberry.field(description="The members of this page.")
    page_info: PageInfo = strawberry.field(description="Where the page stands in the list.")


@strawberry.type(description="An execution that no other one spawned, with the size of its tree.")
class RootExecution(Node):
    row: strawberry.Private[ExecutionRow]
    known: strawberry.Private[Known] = field(default_factory=dict)

    @property
    def global_id(self) -> str:
        return f"{self.row.id}{ROOT_SUFFIX}"

    execution: Execution = viewed("The execution.", _execution)

    @resolved_unless_known("How many levels the tree has: its deepest level + 1.")
    async def levels(self, info: Info) -> int:
        return (await info.context.asks.tree_size(self.row.id))[0]

    @resolved_unless_known("How many executions the tree has, the root left out.")
    async def total_nested(self, info: Info) -> int:
        return (await info.context.asks.tree_size(self.row.id))[1]


@strawberry.type(description="What has changed in the list of root executions.")
class RootExecutionsChange:
    executions: list[RootExecution] = strawberry.field(
        description="Those that are new or in another status, as they are now, each once."
    )


def show_tree_node(known: Mapping[str, Known], row: ExecutionRow) -> ExecutionTreeNode:
    """Make the GraphQL object of a member of a tree, with what is known beside it by the id of each execution."""
    return ExecutionTreeNode(row=row, known=known.get(row.id, NOTHING))


def show_root(known: Mapping[str, Known], row: ExecutionRow) -> RootExecution:
    """Make the GraphQL object of the root of a tree, with what is known beside it by the id of each execution."""
    return RootExecution(row=row, known=known.get(row.id, NOTHING))


def show_tree_page(
    rows: Sequence[ExecutionRow], first: int, after: str | None, known: Mapping[str, Known]
) -> ExecutionTreeConnection:
    """Make the page of the first `first` members; one more than that says that the tree goes on."""
    show = partial(show_tree_node, known)
    shown = page(rows, first, after, show, lambda row: encode_cursor(TREE_CURSOR, row.depth, row.id))
    edges = [ExecutionTreeEdge(node=edge.node, cursor=edge.cursor) for edge in shown.edges]
    return ExecutionTreeConnection(edges=edges, page_info=shown.page_info)
