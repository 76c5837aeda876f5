"""Random flows of scripted nodes: groups, joins, gates, failures, retries, several edges into one port."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

LONGEST_MS = 1_000_000
INSTANT = ("test.instant", "test.any_instant")
CAREFUL = ("test.instant", "test.pure", "test.safe", "test.effect")
FLOWING = ("test.flowing", "test.safe_flowing")
EAGER = ("test.any_instant", "test.any_pure", "test.any_effect")

NUMBERS = ("x", "y", "count")
ANYTHING = (*NUMBERS, "flag", "__success", "__error", "__errorMessage")
OF_GROUPS = ("__success", "__error", "__errorMessage")


@dataclass
class _Sketch:
    """A graph in an order in which no node comes before what it waits for."""

    draw: DrawFn
    has_races: bool
    random: random.Random
    has_streams: bool = False
    types: list[str] = field(default_factory=list)
    parents: list[int | None] = field(default_factory=list)
    last: list[int] = field(default_factory=list)
    edges: list[tuple[str, str]] = field(default_factory=list)

    def take(self, *choices: Any) -> Any:
        # What is drawn tends to be plain, and streams need much at once before anything comes of them.
        return self.random.choice(choices) if self.has_streams else self.draw(st.sampled_from(choices))

    def sample(self, choices: list[str], size: int) -> list[str]:
        if self.has_streams:
            return self.random.sample(choices, size)
        chosen: list[str] = self.draw(st.lists(st.sampled_from(choices), min_size=size, max_size=size, unique=True))
        return chosen

    def shuffled(self, items: list[Any]) -> list[Any]:
        drawn: list[Any] = (
            self.random.sample(items, len(items)) if self.has_streams else self.draw(st.permutations(items))
        )
        return drawn

    def duration(self) -> int:
        return self.random.randint(1, LONGEST_MS)

    def outline(self, size: int) -> None:
        """Choose types and groups."""
        for position in range(size):
            eager = EAGER if self.has_races else ()
            flowing = FLOWING * 4 if self.has_streams else ()
            self.types.append(self.take(*CAREFUL, *eager, *flowing, "group", "flow.output"))
            groups = [number for number in range(position) if self.types[number] == "group"]
            self.parents.append(self.take(None, None, *groups))
            self.last.append(position)
            self._stretch(position)

    def _stretch(self, position: int) -> None:
        group = self.parents[position]
        while group is not None:
            self.last[group] = position
            group = self.parents[group]

    def connect(self, position: int) -> list[str]:
        """Draw the edges into a node; returns the connected ports."""
        known = [number for number in range(position) if self.last[number] < position]
        connected = []
        for port in self._ports(position):
            for source in self._sources(port, known, position):
                self.edges.append((source, f"n{position}.{port}"))
                connected.append(port)
        return connected

    def _ports(self, position: int) -> tuple[str, ...]:
        """The ports that edges may lead to; where there is much to wait for early values come to nothing."""
        ports = _inputs(self.types[position])
        if not self.has_streams:
            return ports
        chosen = {self.take(*ports), self.take(None, *ports), "value"}
        return tuple(port for port in ports if port in chosen)

    def _sources(self, port: str, known: list[int], position: int) -> list[str]:
        ports = [f"n{number}.{each}" for number in known for each in self._outputs(number, port, position)]
        if self.has_streams and port in ("a", "b", "__execute"):
            ports = [each for each in ports if each.endswith((".x", ".count", ".stream", ".__success"))]
        is_raced = port in ("a", "b", "n", "s", "value") and not self.has_races
        most = 1 if is_raced else 3
        fewest = 1 if port == "value" and ports else 0
        sizes = (1, 1, 1, most) if self.has_streams else (0, 0, 1, 1, most)
        size = min(max(fewest, self.take(*sizes)), len(ports))
        if not size:
            return []
        return self.sample(ports, size)

    def _outputs(self, number: int, port: str, position: int) -> tuple[str, ...]:
        type_ = self.types[number]
        if port == "s":
            return ("stream",) if type_ in FLOWING else ()
        if type_ == "group":
            return OF_GROUPS if port != "n" else ()
        if type_ == "flow.output":
            return ("value",) if port != "n" or self.types[position] in INSTANT else ()
        if port == "n":
            # What does not fit fails a node before it works: for the slow ones that would be a tie.
            return NUMBERS if self.types[position] in INSTANT else ("count",)
        return (*ANYTHING, "stream") if type_ in FLOWING and port in ("__execute", "__after") else ANYTHING

    def node(self, position: int, connected: list[str]) -> dict[str, Any]:
        type_, parent = self.types[position], self.parents[position]
        node: dict[str, Any] = {"id": f"n{position}", "type": type_, "inputs": {}}
        if parent is not None:
            node["parent"] = f"n{parent}"
        if self.take(*[False] * 9, True):
            node["disabled"] = True
        if type_ == "flow.output":
            node["inputs"] = {"name": node["id"], **({} if "value" in connected else {"value": position})}
        elif type_ != "group":
            self._add_work(node, connected)
        return node

    def _add_work(self, node: dict[str, Any], connected: list[str]) -> None:
        is_instant, is_eager = node["type"] in INSTANT, node["type"] in EAGER
        does = {
            "lasts": 0 if is_instant else self.duration(),
            "waits": self.take(0, 0, 0, self.duration()),
            "fails": self.take(0, 0, 0, 0, -1, *([1, 2] if self.has_races else [])),
            "retryable": self.take(True, True, False),
            "code": self.take("NODE", "TIMEOUT"),
            "gives": self.take(["x", "y", "count", "flag"], ["x", "count"], ["flag"], []),
            "flag": self.take(True, False),
        }
        constants = {} if is_eager else self.take({}, {"a": 1, "n": 2.5}, {"b": [{"k": None}]})
        node["inputs"] = {"does": does, **constants}
        if node["type"] in FLOWING:
            self._add_course(does)
        gives_early = bool(does.get("early") or does.get("writes"))
        # Whether what was given early has been used to an end before a retry is a race.
        if gives_early and self.has_races and self.take(True, False):
            node["retry"] = self._retry()
            does.update({"fails": self.take(1, 2), "retryable": True})
        elif self.take(False, False, True) and not gives_early:
            node["retry"] = self._retry()
        if not is_instant and "s" not in connected and self.take(*[False] * 5, True):
            node["timeoutMs"] = self.duration()

    def _add_course(self, does: dict[str, Any]) -> None:
        """What a node does while it lasts: most of it is for those that hang on it to use while it goes on."""
        soon = does["lasts"] // self.take(1, 4)
        ports = [port for port in ("x", "y", "count") if port in does["gives"] and self.take(True, True, False)]
        does["early"] = {port: self.random.randint(0, soon) for port in ports}
        does["writes"] = sorted(self.random.randint(0, soon) for _ in range(self.take(0, 1, 3)))

    def _retry(self) -> dict[str, Any]:
        policy = {
            "maxAttempts": self.take(1, 2, 3, 4),
            "initialDelayMs": self.duration() // 10,
            "factor": float(self.take(1, 2)),
            "maxDelayMs": self.take(LONGEST_MS, LONGEST_MS // 20),
            "jitter": 0.0,
        }
        codes = self.take(None, ["NODE"], ["TIMEOUT", "INPUT"])
        return {**policy, "on": codes} if codes else policy


def _inputs(type_: str) -> tuple[str, ...]:
    if type_ == "group":
        return ("__execute", "__after")
    if type_ == "flow.output":
        return ("value", "__execute", "__after")
    if type_ in FLOWING:
        return ("a", "b", "n", "items", "s", "__execute", "__after")
    return ("a", "b", "n", "items", "__execute", "__after")


@st.composite
def graphs(draw: DrawFn, *, has_races: bool = True, has_streams: bool = False, most: int = 12) -> Mapping[str, Any]:
    """Documents; without races neither timing nor the number of attempts says what a node is given."""
    sketch = _Sketch(draw, has_races, random.Random(draw(st.integers(0, 10**6))), has_streams)
    sketch.outline(sketch.random.randint(3, most) if has_streams else draw(st.integers(1, most)))
    connected = [sketch.connect(position) for position in range(len(sketch.types))]
    nodes = [sketch.node(position, ports) for position, ports in enumerate(connected)]
    return {
        "tidegate": 1,
        "name": "Random",
        "nodes": sketch.shuffled(nodes),
        "edges": [{"from": source, "to": target} for source, target in sketch.shuffled(sketch.edges)],
    }
