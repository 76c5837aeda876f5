"""The compiled flows that a worker has at hand."""

import asyncio
from collections import OrderedDict

import asyncpg

from engine.document import parse_document
from engine.plan import Plan, compile_plan
from engine.registry import Registry
from storage.flows import flow_versions_by_id

Key = tuple[str, int]

KEPT_NODES = 20_000


class Plans:
    """Loads and compiles flow versions once, and forgets the least used beyond `KEPT_NODES` nodes in all."""

    def __init__(self, pool: asyncpg.Pool, registry: Registry) -> None:
        self._pool = pool
        self._registry = registry
        self._plans: OrderedDict[Key, asyncio.Future[Plan]] = OrderedDict()

    async def get(self, flow_id: str, version: int) -> Plan:
        """The plan of a flow version; raises `KeyError` for a node type that this worker does not have."""
        key = (flow_id, version)
        if key not in self._plans:
            self._plans[key] = asyncio.ensure_future(self._load(key))
        self._plans.move_to_end(key)
        try:
            return await asyncio.shield(self._plans[key])
        except BaseException:
            self._plans.pop(key, None)
            raise

    async def _load(self, key: Key) -> Plan:
        async with self._pool.acquire() as connection:
            version = (await flow_versions_by_id(connection, [key]))[key]
        plan = compile_plan(parse_document(version.document), self._registry)
        self._forget(len(plan.nodes))
        return plan

    def _forget(self, coming: int) -> None:
        loaded = {key: len(plan.result().nodes) for key, plan in self._plans.items() if _is_loaded(plan)}
        total = sum(loaded.values()) + coming
        for key, nodes in loaded.items():
            if total <= KEPT_NODES:
                break
            del self._plans[key]
            total -= nodes


def _is_loaded(plan: "asyncio.Future[Plan]") -> bool:
    return plan.done() and not plan.cancelled() and plan.exception() is None
