"""Predicts a run in virtual time from what the rules say, without the engine."""

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.ports import kind_of_value
from tests.engine.reference import Dead, Facts, Ready
from tests.engine.scripted import Script, outputs_of


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
        self.time = 0
        self.index = 0
        self.agenda: list[tuple[int, str, str, Any]] = []
        self.running: set[str] = set()
        self.due: set[str] = set()
        self.attempts: dict[str, int] = {}
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
            self.story.statuses[node] = status or ("FAILED" if node in self.facts.begun else "IDLE")

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
        self.facts.begun.add(node)
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
        lasts = self._script(node).lasts
        limit = self.facts.nodes[node].get("timeoutMs", lasts)
        if lasts:
            self._plan(min(lasts, limit), "end" if lasts <= limit else "timeout", node)
        else:
            self._finish(node)

    def _plan(self, delay: int, what: str, node: str) -> None:
        heapq.heappush(self.agenda, (self.time + delay, what, node, None))

    def _pass_time(self) -> None:
        self.time, what, node, _ = heapq.heappop(self.agenda)
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

    def _outputs(self, node: str) -> Mapping[str, Any]:
        inputs = {port: value for port, value in self.story.inputs[node].items() if port != "does"}
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
        policy, number = self.facts.nodes[node].get("retry"), self.attempts[node]
        may = policy and (code in policy["on"] if "on" in policy else retryable)
        if may and number < policy["maxAttempts"]:
            delay = policy["initialDelayMs"] * policy["factor"] ** (number - 1)
            self._plan(min(delay, policy["maxDelayMs"]), "retry", node)
        else:
            self._fail(node, message)

    def _complete(self, node: str, outputs: Mapping[str, Any]) -> None:
        self.story.outputs[node] = outputs
        self._end(node, "COMPLETED", {**outputs, "__success": True})

    def _fail(self, node: str, message: str) -> None:
        self.story.failed.add(node)
        self._end(node, "FAILED", {"__error": True, "__errorMessage": message})
        if self.is_strict and not self.facts.is_handled_around(node):
            self.fatal = node

    def _end(self, node: str, status: str, outputs: Mapping[str, Any]) -> None:
        self.running.discard(node)
        self.index += 1
        self.facts.resolve(self.index, node, outputs)
        self.facts.end(self.index, node, status)
