"""The built-in node types, one file each: what a file of this folder defines is in `BUILT_IN`."""

from importlib import import_module
from pkgutil import iter_modules

from engine.registry import Registry, types_of

BUILT_IN = Registry(
    node_type for file in iter_modules(__path__) for node_type in types_of(import_module(f"{__name__}.{file.name}"))
)
