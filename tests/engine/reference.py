"""A second, naive opinion on when a node runs: every question is answered from all facts, from the start."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

BOOLEAN_PORTS = {"flag", "__success", "__error"}
MANY_PORTS = {"items"}

Source = tuple[str, str]
Moment = tuple[int, int]
"""When something became known: the index of the event, and the place of the port within it."""


@dataclass(frozen=True)
class Open:
    """It is not known yet."""


@dataclass(frozen=True)
class Dead:
    """It will never come; each of `causes` is a set of nodes that may be named for it."""

    causes: tuple[frozenset[str], ...]


@dataclass(frozen=True)
class Given:
    """A port has this value, since then."""

    since: Moment
    value: Any


@dataclass(frozen=True)
class Ready:
    """The node may run with one of these inputs: more than one where several ports resolved at the same moment."""

    choices: tuple[Mapping[str, Any], ...]


OPEN = Open()


@dataclass
class Facts:
    """What is known of a run: which ports have resolved, which nodes have begun, with what, and ended."""

    document: Mapping[str, Any]
    resolved: dict[Source, Given] = field(default_factory=dict)
    begun: set[str] = field(default_factory=set)
    used: dict[str, set[Source]] = field(default_factory=dict)
    ended: dict[str, tuple[str, Moment]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.nodes: dict[str, Mapping[str, Any]] = {node["id"]: node for node in self.document["nodes"]}
        self.sources: dict[str, dict[str, list[Source]]] = {id_: {} for id_ in self.nodes}
        for edge in self.document["edges"]:
            source, _, source_port = edge["from"].partition(".")
            target, _, target_port = edge["to"].partition(".")
            self.sources[target].setdefault(target_port, []).append((source, source_port))

    # --- facts --------------------------------------------------------------------------------------------------------

    def resolve(self, index: int, node: str, outputs: Mapping[str, Any]) -> None:
        for place, (port, value) in enumerate(outputs.items()):
            earlier = self.resolved.get((node, port))
            self.resolved[node, port] = Given(earlier.since if earlier else (index, place), value)

    def begin(self, node: str) -> None:
        """The node begins with all that is there for it."""
        self.begun.add(node)
        self.used[node] = set(self._sources_used(node))

    def end(self, index: int, node: str, status: str) -> None:
        self.ended[node] = (status, (index, 99))

    # --- what is taken back -------------------------------------------------------------------------------------------

    def users(self, node: str) -> list[str]:
        """The nodes that have begun with what a node gave that has not ended, and those that begun with theirs."""
        found = [node]
        for each in found:
            given = {source for source in self.resolved if source[0] == each and each not in self.ended}
            using = [user for user, used in self.used.items() if used & given]
            members = [member for member in self.members(each) if member in self.begun or member in self.ended]
            found += [user for user in dict.fromkeys((*using, *members)) if user not in found]
        return found[1:]

    def take_back(self, node: str) -> list[str]:
        """What a node gave is void; gives the nodes that are as if they had not begun."""
        users = self.users(node)
        assert not any(user in self.ended for user in users)
        for each in (node, *users):
            for source in [source for source in self.resolved if source[0] == each]:
                del self.resolved[source]
        for user in users:
            self.begun.discard(user)
            self.used.pop(user, None)
        return users

    def gave_early(self, node: str) -> bool:
        """Whether a node that has not ended has given something."""
        return node not in self.ended and any(source[0] == node for source in self.resolved)

    def _sources_used(self, node: str) -> Iterator[Source]:
        ports = {port: self._port(node, port) for port in self.sources[node] if not port.startswith("__")}
        given = {port: answer.since for port, answer in ports.items() if isinstance(answer, Given)}
        content_with = min(given, key=given.__getitem__, default="") if self._is_content_with_one(node) else None
        for port in given:
            if content_with in (None, port):
                resolved = [source for source in self.sources[node][port] if source in self.resolved]
                yield from resolved if port in MANY_PORTS else [min(resolved, key=self._since)]
        execute = (source for source in self.sources[node].get("__execute", ()) if source in self.resolved)
        counting = [each for each in execute if each[1] not in BOOLEAN_PORTS or self.resolved[each].value is True]
        yield from sorted(counting, key=self._since)[:1]

    def _since(self, source: Source) -> Moment:
        return self.resolved[source].since

    # --- more facts ---------------------------------------------------------------------------------------------------

    def status(self, node: str) -> str | None:
        return self.ended[node][0] if node in self.ended else None

    def members(self, group: str) -> list[str]:
        return [id_ for id_, node in self.nodes.items() if node.get("parent") == group]

    def is_handled(self, node: str) -> bool:
        """Whether an error port of the node leads somewhere."""
        sources = {source for ports in self.sources.values() for each in ports.values() for source in each}
        return bool(sources & {(node, "__error"), (node, "__errorMessage")})

    def is_handled_around(self, node: str) -> bool:
        """Whether the node, or a group around it, has an error port that leads somewhere."""
        around = self.nodes[node].get("parent")
        return self.is_handled(node) or (around is not None and self.is_handled_around(around))

    # --- questions ----------------------------------------------------------------------------------------------------

    def verdict(self, node: str) -> Open | Dead | Ready:
        """Whether the node may run, never will, or has to wait."""
        answers = list(self._requirements(node))
        dead = [answer for answer in answers if isinstance(answer, Dead)]
        if dead:
            return Dead(tuple(causes for answer in dead for causes in answer.causes))
        return OPEN if OPEN in answers else Ready(tuple(self._choices(node)))

    def _requirements(self, node: str) -> Iterator[Open | Dead | Given]:
        if self.nodes[node].get("disabled"):
            yield Dead((frozenset(),))
        yield from self._around(node)
        if "__execute" in self.sources[node]:
            yield self._execute(node)
        if any(self._fate(source) is OPEN for source in self.sources[node].get("__after", ())):
            yield OPEN
        yield from self._demands(node)

    def _around(self, node: str) -> Iterator[Open | Dead]:
        parent = self.nodes[node].get("parent")
        if parent and self.status(parent) == "SKIPPED":
            yield Dead((frozenset({parent}),))
        elif parent and parent not in self.begun:
            yield OPEN

    def _execute(self, node: str) -> Open | Dead | Given:
        sources = self.sources[node]["__execute"]
        fates = [(source, self._fate(source)) for source in sources]
        for (_, port), fate in fates:
            if isinstance(fate, Given) and (port not in BOOLEAN_PORTS or fate.value is True):
                return fate
        if any(fate is OPEN for _, fate in fates):
            return OPEN
        return Dead((frozenset(name for name, _ in sources),))

    def _demands(self, node: str) -> Iterator[Open | Dead | Given]:
        ports = {port: self._port(node, port) for port in self.sources[node] if not port.startswith("__")}
        if not self._is_content_with_one(node):
            yield from ports.values()
        elif ports and not any(isinstance(answer, Given) for answer in ports.values()):
            is_open = any(answer is OPEN for answer in ports.values())
            everything = frozenset(name for port in ports for name, _ in self.sources[node][port])
            yield OPEN if is_open else Dead((everything,))

    def _is_content_with_one(self, node: str) -> bool:
        return self.nodes[node]["type"].startswith(("test.any_", "flow.merge"))

    def _port(self, node: str, port: str) -> Open | Dead | Given:
        sources = self.sources[node][port]
        fates = [self._fate(source) for source in sources]
        given = [fate for fate in fates if isinstance(fate, Given)]
        if port in MANY_PORTS and OPEN in fates:
            return OPEN
        if given:
            return self._all(sources, given) if port in MANY_PORTS else min(given, key=lambda each: each.since)
        return OPEN if OPEN in fates else Dead((frozenset(name for name, _ in sources),))

    def _all(self, sources: list[Source], given: list[Given]) -> Given:
        last = max(self._settled(source) for source in sources)
        return Given(last, [each.value for each in given])

    def _settled(self, source: Source) -> Moment:
        return self.resolved[source].since if source in self.resolved else self.ended[source[0]][1]

    def _fate(self, source: Source) -> Open | Dead | Given:
        if source in self.resolved:
            return self.resolved[source]
        return Dead(()) if source[0] in self.ended else OPEN

    def _choices(self, node: str) -> Iterator[dict[str, Any]]:
        ports = {port: self._port(node, port) for port in self.sources[node] if not port.startswith("__")}
        given = {port: answer for port, answer in ports.items() if isinstance(answer, Given)}
        constants = {k: v for k, v in self.nodes[node].get("inputs", {}).items() if k not in self.sources[node]}
        values = {port: answer.value for port, answer in given.items()}
        if not self._is_content_with_one(node) or not given:
            yield {**constants, **values}
            return
        first = min(answer.since for answer in given.values())
        for port, answer in given.items():
            if answer.since == first:
                yield {**constants, port: values[port]}
