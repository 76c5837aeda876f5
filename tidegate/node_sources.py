"""Where node types come from besides Tidegate: modules that TIDEGATE_NODES names, and installed packages.

A package offers its types by entry points of the group `tidegate.nodes`. Whatever one of them does when it is imported,
and whatever is wrong with its types, the others are there nevertheless.
"""

import logging
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from engine.guests import check_guest
from engine.node import AnyNode, Node
from engine.nodes import BUILT_IN
from engine.registry import InvalidNodeType, Registry
from tidegate.settings import Settings

GROUP = "tidegate.nodes"
REASON_LENGTH = 300
ENGINE = Path(__file__).parents[1] / "engine"

_DECLARED_TYPE = re.compile(r"""^[ \t]+type\b[^=\n]*=\s*["']([a-z0-9_.]+)["']""", re.MULTILINE)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Source:
    """Something that gives node types: `name` says what in words, `module` where it is, `load` gets it."""

    name: str
    module: str
    load: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Broken:
    """What could not be had from a source, and why."""

    source: str
    what: str
    reason: str

    def __str__(self) -> str:
        return f"{self.what} of {self.source} could not be loaded: {self.reason}"


@dataclass
class Catalogue:
    """All node types; `origins` says of the guests where each is from."""

    origins: dict[str, str] = field(default_factory=dict)
    broken: list[Broken] = field(default_factory=list)
    _guests: dict[str, type[AnyNode]] = field(default_factory=dict)
    _absent: dict[str, str] = field(default_factory=dict)

    @property
    def registry(self) -> Registry:
        """The types that came with Tidegate and those that others gave."""
        return Registry(BUILT_IN.values(), self._guests.values(), self._absent)

    def add(self, source: Source) -> None:
        """Take over what a source gives; what is wrong with it is noted."""
        try:
            found = list(_node_types(source.load()))
        # Also SystemExit and KeyboardInterrupt: a module may be a script.
        except BaseException as error:
            self._miss(source, f"The module {source.module}", _reason(error), declared_types(source.module))
            return
        if not found:
            self._miss(source, f"The module {source.module}", "It has no node types.", ())
        for candidate in found:
            self._take(source, candidate)

    def _take(self, source: Source, candidate: Any) -> None:
        name = getattr(candidate, "type", None)
        try:
            node_type = check_guest(candidate)
            self._check_name(node_type)
        except Exception as error:
            self._miss(source, f"The node type {name!r}", _reason(error), [name] if isinstance(name, str) else ())
            return
        self._guests[node_type.type] = node_type
        self.origins.setdefault(node_type.type, f"{source.module}, {source.name}")

    def _check_name(self, node_type: type[AnyNode]) -> None:
        taken = BUILT_IN.get(node_type.type) or self._guests.get(node_type.type, node_type)
        if taken is not node_type:
            whose = self.origins.get(node_type.type, "Tidegate itself")
            raise InvalidNodeType(f"There is a type of this name already, from {whose}.")

    def _miss(self, source: Source, what: str, reason: str, types: Iterable[str]) -> None:
        broken = Broken(source.name, what, reason)
        self.broken.append(broken)
        for name in types:
            if name not in BUILT_IN and name not in self._guests:
                self._absent.setdefault(name, f"{broken}")
        logger.error("%s", broken)


def node_types_of(settings: Settings) -> Registry:
    """The node types of a process with these settings; what is wrong with any is logged."""
    return load_node_types(settings.node_modules).registry


def load_node_types(modules: Iterable[str] = ()) -> Catalogue:
    """Load the built-in node types, those of these modules, and those of installed packages; never fails.

    Modules are also looked for in the current folder, after everywhere else.
    """
    catalogue = Catalogue()
    for source in (*_named(tuple(modules)), *_installed()):
        catalogue.add(source)
    return catalogue


def _named(modules: tuple[str, ...]) -> Iterator[Source]:
    here = str(Path.cwd())
    if modules and here not in sys.path:
        # Last, so that a file there cannot take the place of anything; and for good, as modules import later too.
        sys.path.append(here)
    for module in modules:
        yield Source("TIDEGATE_NODES", module, partial(import_module, module))


def _installed() -> Iterator[Source]:
    for point in sorted(entry_points(group=GROUP), key=lambda each: (each.name, each.value)):
        yield Source(_package(point), point.value.partition(":")[0].strip(), point.load)


def _package(point: EntryPoint) -> str:
    owner = f"{point.dist.name} {point.dist.version}" if point.dist else "an installed package"
    return f"{owner} (entry point {point.name})"


def _node_types(given: Any) -> Iterator[Any]:
    """The types that an entry point's value stands for: a module, a class, or any collection of classes."""
    match given:
        case ModuleType():
            yield from dict.fromkeys(each for each in vars(given).values() if _is_named_type(each))
        case Mapping():
            yield from given.values()
        case type():
            yield given
        case _:
            yield from given


def _is_named_type(each: Any) -> bool:
    is_node = isinstance(each, type) and issubclass(each, Node) and hasattr(each, "type")
    return is_node and BUILT_IN.get(each.type) is not each


def declared_types(module: str) -> list[str]:
    """The names of types that a module seems to declare, read from its text, as it cannot be imported."""
    try:
        spec = find_spec(module)
        text = Path(spec.origin).read_text(encoding="utf-8") if spec and spec.origin else ""
    except (ImportError, AttributeError, ValueError, OSError):
        return []
    return _DECLARED_TYPE.findall(text)


def _reason(error: BaseException) -> str:
    """An error in one line, with the place where it was raised if that is in somebody's module."""
    if isinstance(error, InvalidNodeType):
        return error.message
    said = " ".join(str(error).split())[:REASON_LENGTH]
    text = f"{type(error).__name__}: {said}" if said else type(error).__name__
    places = [each for each in traceback.extract_tb(error.__traceback__) if _is_theirs(each.filename)]
    return f"{text} ({Path(places[-1].filename).name}:{places[-1].lineno})" if places else text


def _is_theirs(file: str) -> bool:
    path = Path(file)
    is_ours = path == Path(__file__) or path.is_relative_to(ENGINE)
    return not (is_ours or file.startswith("<") or "importlib" in path.parts)
