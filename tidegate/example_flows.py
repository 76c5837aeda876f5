"""The example flows that `tidegate dev` puts into its service.

A record beside the data says which file became which flow. So each is created once; it gets a new version when its
file has changed, and what people do with the flow in between is theirs.
"""

import hashlib
import logging
from pathlib import Path

import orjson

from engine.errors import TidegateError
from tidegate.client import Client, Refused
from tidegate.flow_file import FlowFile, read_flow_file
from tidegate.operations import create_flow, update_flow

FOLDER = Path(__file__).parent.parent / "examples"

logger = logging.getLogger(__name__)


class ExampleFlows:
    """The flows of the files in `folder`, with their `record`."""

    def __init__(self, client: Client, record: Path, folder: Path = FOLDER) -> None:
        self._client = client
        self._record = record
        self._folder = folder
        self._known: dict[str, dict[str, str]] = _read(record)

    async def load(self) -> int:
        """Create and update what is new, and give the number of flows there are; what fails is logged."""
        for path in sorted(self._folder.glob("*.yaml")):
            try:
                await self._load(path)
            except TidegateError as error:
                logger.warning("The example %s was not loaded: %s", path.name, error.message)
        return len(self._known)

    async def _load(self, path: Path) -> None:
        digest = _digest(path)
        known = self._known.get(path.name)
        if known and known["digest"] == digest:
            return
        flow_id = await self._publish(read_flow_file(str(path)), known["flow"] if known else None)
        self._known[path.name] = {"flow": flow_id, "digest": digest}
        self._record.write_bytes(orjson.dumps(self._known, option=orjson.OPT_INDENT_2))

    async def _publish(self, flow: FlowFile, flow_id: str | None) -> str:
        if flow_id is None:
            return await create_flow(self._client, flow.data)
        try:
            await update_flow(self._client, flow_id, flow.data)
        except Refused as error:
            if error.reason != "NOT_FOUND":
                raise
            return await create_flow(self._client, flow.data)
        return flow_id


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _read(record: Path) -> dict[str, dict[str, str]]:
    try:
        known: dict[str, dict[str, str]] = orjson.loads(record.read_bytes())
    except (FileNotFoundError, orjson.JSONDecodeError):
        return {}
    return known
