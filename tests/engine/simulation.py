"""Predicts a run in virtual time from what the rules say, without the engine."""

import heapq
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.ports import kind_of_value
from tests.engine.graphs import FLOWING
from tests.engine.reference import Dead, Facts, Ready
from tests.engine.scripted import Script, outputs_of
from tests.engine.streaming import piece_of

AT_ONCE = 0.001
"""Milliseconds: what happens at the same moment, after all else."""


class Tie(Exception):
    """Two things happen at the same moment, so that the rules do not say which comes first."""


@dataclass
class Prediction:
    """How a run goes: `starts` are (node, attempt) in order; a cancelled node is FAILED."""

    flow: str = ""
    statuses: dict[str, str] = field(default_factory=dict)
    starts: list[tuple[str, int]] = field(default_factory=list)
    inputs: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    outputs: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    causes: dict[str, tuple[frozenset[str], ...]] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)


class Simulation:
    """One run of a document of scripted nodes; raises `Tie` where durations leave the order open."""

    def __init__(self, document: Mapping[str, Any], *, is_strict: bool, slots: int) -> None:
        self.facts = Facts(document)
        self.story = Prediction()
        self.is_strict = is_strict
        self.slots = slots
        self.time: float = 0
        self.index = 0
        self.agenda: list[tuple[float, str, str, int, str]] = []
        self.running: set[str] = set()
        self.reading: dict[str, str] = {}
        self.pieces: Counter[str] = Counter()
        self.retries: Counter[str] = Counter()
        self.due: set[str] = set()
        self.attempts: dict[str, int] = {}
        self.codes: dict[str, str] = {}
        self.fatal: str | None = None

    def run(self) -> Prediction:
        while self._settle():
            assert self.agenda, f"nothing follows, but {self._unfinished()} have not ended"
            self._pass_time()
        self._conclude()
        return self.story

    def _unfinished(self) -> list[str]:
        return [node for node in self.facts.nodes if node not in self.facts.ended]

    def _conclude(self) -> None:
        self.story.flow = "FAILED" if self.fatal else "COMPLETED"
        for node in self.facts.nodes:
            status = self.facts.status(node)
            self.story.statuses[node] = status or ("FAILED" if node in self.attempts else "IDLE")

    # --- at one moment ------------------------------------------------------------------------------------------------

    def _settle(self) -> bool:
        """Do all that can be done now; False when the flow is over."""
        while not self.fatal and (self._skip() or self._close_group() or self._start()):
            pass
        return self.fatal is None and bool(self._unfinished())

    def _skip(self) -> bool:
        for node in self.facts.nodes:
            verdict = None if node in self.facts.begun or node in self.facts.ended else self.facts.verdict(node)
            if isinstance(verdict, Dead):
                self.story.causes[node] = verdict.causes
                self._end(node, "SKIPPED", {})
                return True
        return False

    def _close_group(self) -> bool:
        for node, each in self.facts.nodes.items():
            is_open = each["type"] == "group" and node in self.facts.begun and node not in self.facts.ended
            members = self.facts.members(node)
            if is_open and all(member in self.facts.ended for member in members):
                failed = [m for m in members if self.facts.status(m) == "FAILED" and not self.facts.is_handled(m)]
                if failed:
                    self._fail(node, f"Failed in the group: {', '.join(failed)}.")
                else:
                    self._complete(node, {})
                return True
        return False

    def _start(self) -> bool:
        for node in self.facts.nodes:
            fresh = node not in self.facts.begun and node not in self.facts.ended
            verdict = self.facts.verdict(node) if fresh else None
            if isinstance(verdict, Ready) or node in self.due:
                return self._begin(node, verdict)
        return False

    def _begin(self, node: str, verdict: object) -> bool:
        is_group = self.facts.nodes[node]["type"] == "group"
        if not is_group and len(self.running) >= self.slots:
            return False
        if isinstance(verdict, Ready):
            if len(verdict.choices) > 1:
                raise Tie
            self.story.inputs[node] = verdict.choices[0]
        self.index += 1
        if isinstance(verdict, Ready):
            self.facts.begin(node)
        self.due.discard(node)
        self.attempts[node] = self.attempts.get(node, 0) + 1
        self.story.starts.append((node, self.attempts[node]))
        if not is_group:
            self._work(node)
        return True

    # --- work ---------------------------------------------------------------------------------------------------------

    def _script(self, node: str) -> Script:
        return Script(**self.facts.nodes[node].get("inputs", {}).get("does", {}))

    def _work(self, node: str) -> None:
        self.running.add(node)
        if "s" in self.story.inputs[node]:
            self._read(node, self.story.inputs[node]["s"]["$stream"]["nodeId"])
        else:
            self._follow_script(node)

    def _read(self, node: str, writer: str) -> None:
        """Read a stream: up to its end, which may be there already, or be an error."""
        match self.facts.status(writer):
            case "COMPLETED":
                self._follow_script(node)
            case "FAILED":
                self._plan(AT_ONCE, "broken", node, writer)
            case _:
                self.reading[node] = writer

    def _follow_script(self, node: str) -> None:
        script = self._script(node)
        limit = self.facts.nodes[node].get("timeoutMs", script.lasts)
        for port, after in script.early.items():
            self._plan(after, "early", node, port)
        for after in script.writes:
            self._plan(after, "write", node)
        if script.lasts:
            self._plan(min(script.lasts, limit), "end" if script.lasts <= limit else "timeout", node)
        else:
            self._finish(node)

    def _plan(self, delay: float, what: str, node: str, which: str = "") -> None:
        heapq.heappush(self.agenda, (self.time + delay, what, node, self.attempts[node], which))

    def _is_current(self, what: str, node: str, attempt: int) -> bool:
        is_at_work = what in ("retry", "woken") or node in self.running
        return is_at_work and node in self.facts.begun and self.attempts[node] == attempt

    def _forget_stale(self) -> None:
        while self.agenda and not self._is_current(*self.agenda[0][1:4]):
            heapq.heappop(self.agenda)

    def _pass_time(self) -> None:
        self._forget_stale()
        self.time, what, node, _, which = heapq.heappop(self.agenda)
        self._forget_stale()
        if self.agenda and self.agenda[0][0] == self.time:
            raise Tie
        match what:
            case "end":
                self._finish(node)
            case "timeout":
                limit = self.facts.nodes[node]["timeoutMs"]
                self._err(node, "TIMEOUT", True, f"The node took longer than {limit} ms.")
            case "retry":
                self.due.add(node)
            case "woken":
                self._complete(node, self._outputs(node))
            case "early":
                self._give(node, which, self._outputs(node)[which])
            case "write":
                self.pieces[node] += 1
                self._give(node, "stream", {"$stream": {"nodeId": node, "port": "stream"}})
            case "broken":
                said = self.facts.resolved[which, "__errorMessage"].value
                message = f"The stream {which}.stream broke off, because its node failed: {said}"
                self._err(node, self.codes[which], False, message)

    def _give(self, node: str, port: str, value: Any) -> None:
        self.index += 1
        if (node, port) not in self.facts.resolved:
            self.facts.resolve(self.index, node, {port: value})

    def _outputs(self, node: str) -> Mapping[str, Any]:
        inputs = {port: value for port, value in self.story.inputs[node].items() if port != "does"}
        if "s" in inputs:
            writer = inputs["s"]["$stream"]["nodeId"]
            inputs["s"] = [piece_of(writer, number) for number in range(self.pieces[writer])]
        if self.facts.nodes[node]["type"] == "flow.output":
            return {"value": inputs["value"]}
        return outputs_of(node, self._script(node), inputs)

    def _finish(self, node: str) -> None:
        script, number = self._script(node), self.story.inputs[node].get("n", 0)
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            self._err(node, "INPUT", False, f"Input 'n': expected number, got {kind_of_value(number)}.")
        elif script.fails < 0 or self.attempts[node] <= script.fails:
            self._err(node, script.code, script.retryable, f"Attempt {self.attempts[node]}.")
        elif script.waits:
            self.running.discard(node)
            self._plan(script.waits, "woken", node)
        else:
            self._complete(node, self._outputs(node))

    def _err(self, node: str, code: str, retryable: bool, message: str) -> None:
        self.running.discard(node)
        self.codes[node] = code
        policy, number = self.facts.nodes[node].get("retry"), self.retries[node] + 1
        may = policy and (code in policy["on"] if "on" in policy else retryable)
        if may and number < policy["maxAttempts"] and not self._is_past_repeating(node):
            self._take_back(node)
            self.retries[node] = number
            delay = policy["initialDelayMs"] * policy["factor"] ** (number - 1)
            self._plan(min(delay, policy["maxDelayMs"]), "retry", node)
        elif may and number < policy["maxAttempts"]:
            user = next(user for user in self.facts.users(node) if user in self.facts.ended)
            said = f"It is not attempted again, because {user!r} has ended with what it had given by then."
            self._fail(node, f"{message} {said}")
        else:
            self._fail(node, message)

    def _is_past_repeating(self, node: str) -> bool:
        users = self.facts.users(node) if self.facts.gave_early(node) else []
        ended = [user for user in users if user in self.facts.ended]
        if len(ended) > 1:
            # Which of them is named the rules do not say.
            raise Tie
        return bool(ended)

    def _take_back(self, node: str) -> None:
        for each in (node, *self.facts.take_back(node)) if self.facts.gave_early(node) else ():
            self.pieces[each] = 0
            if each != node:
                self.running.discard(each)
                self.reading.pop(each, None)
                self.due.discard(each)

    def _complete(self, node: str, outputs: Mapping[str, Any]) -> None:
        if self.facts.nodes[node]["type"] in FLOWING:
            count = self.pieces[node]
            outputs = {**outputs, "stream": {"$stream": {"nodeId": node, "port": "stream", "pieces": count}}}
        self.story.outputs[node] = outputs
        self._end(node, "COMPLETED", {**outputs, "__success": True})
        for reader in self._readers(node):
            self._follow_script(reader)

    def _fail(self, node: str, message: str) -> None:
        self.story.failed.add(node)
        self._end(node, "FAILED", {"__error": True, "__errorMessage": message})
        if self.is_strict and not self.facts.is_handled_around(node):
            self.fatal = node
        for reader in self._readers(node):
            self._plan(AT_ONCE, "broken", reader, node)

    def _readers(self, writer: str) -> list[str]:
        """Those who wait for the end of a stream, which is there."""
        readers = [node for node, source in self.reading.items() if source == writer]
        for node in readers:
            del self.reading[node]
        return readers

    def _end(self, node: str, status: str, outputs: Mapping[str, Any]) -> None:
        self.running.discard(node)
        self.index += 1
        self.facts.resolve(self.index, node, outputs)
        self.facts.end(self.index, node, status)
