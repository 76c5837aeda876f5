"""tidegate dev: everything that Tidegate needs, on this machine, from one command."""

import asyncio
import os
import socket
import time
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path

import psutil

from engine.registry import Registry
from resolvers.persisted import Documents
from resolvers.policy import Policy
from storage.embedded.errors import folder_errors
from storage.embedded.home import Home
from storage.keyring import NO_KEYS, KeyRing
from storage.migrate import migrate
from tidegate.api import api
from tidegate.built_pages import CONSOLE, GRAPHIQL
from tidegate.client import Client
from tidegate.embedded_servers import embedded_servers
from tidegate.example_flows import ExampleFlows
from tidegate.listening import address, listen
from tidegate.own_keys import own_keys
from tidegate.settings import Settings
from tidegate.stop_signal import StopSignal
from tidegate.worker_process import worker_process

HOST = "127.0.0.1"
OPEN = Policy(loopback=True, is_development=True)
"""Everybody on this machine is let in, whatever the settings say, and sees the schema."""


class Dev:
    """The embedded servers, the API, a worker if `with_worker`, and the example flows, on the data in `data_dir`.

    An API that runs trusted `documents` only gets no example flows: what loads them is none of those. Secrets are
    sealed with `keys`, or, without any, with a key that is kept in `data_dir`. Flows may use `node_types`, which the
    worker finds for itself.
    """

    def __init__(
        self,
        data_dir: Path,
        port: int,
        documents: Documents,
        node_types: Registry,
        keys: KeyRing = NO_KEYS,
        *,
        with_worker: bool,
    ) -> None:
        self._data_dir = data_dir.absolute()
        self._port = port
        self._documents = documents
        self._node_types = node_types
        self._keys = keys
        self._with_worker = with_worker

    async def run(self) -> None:
        """Run until SIGINT or SIGTERM; raises `TidegateError` if something cannot be started."""
        stop = StopSignal()
        async with AsyncExitStack() as stack:
            home = await self._take_folder(stack)
            listener = stack.enter_context(listen(HOST, self._port))
            urls = await stack.enter_async_context(embedded_servers(self._data_dir))
            await migrate(urls["DATABASE_URL"])
            variables = urls if self._keys else {**urls, **own_keys(self._data_dir)}
            self._write_environment(urls)
            if self._with_worker:
                await stack.enter_async_context(worker_process(variables))
            serving = await stack.enter_async_context(self._api(variables, listener))
            print(self._summary(address(listener), await self._load_examples(home, listener)), flush=True)
            await stop.wait(serving)
            print("Ending; the data stays.", flush=True)

    async def _take_folder(self, stack: AsyncExitStack) -> Home:
        """Keep a twin on the same data out."""
        with folder_errors(self._data_dir):
            self._data_dir.mkdir(parents=True, exist_ok=True)
            home = Home(self._data_dir / "dev", self._data_dir)
            home.make()
            await home.take()
            stack.callback(home.give_up)
            return home

    def _write_environment(self, urls: Mapping[str, str]) -> None:
        path = self._data_dir / "env"
        with folder_errors(path):
            path.unlink(missing_ok=True)
            with open(path, "x", opener=lambda name, flags: os.open(name, flags, mode=0o600)) as file:
                file.writelines(f"{name}={url}\n" for name, url in urls.items())

    def _api(
        self, variables: Mapping[str, str], listener: socket.socket
    ) -> AbstractAsyncContextManager[asyncio.Task[None]]:
        settings = Settings.read(variables)
        return api(
            settings.database,
            settings.redis,
            listener,
            OPEN,
            self._node_types,
            documents=self._documents,
            keys=self._keys or settings.secret_keys,
            graphiql=GRAPHIQL,
        )

    async def _load_examples(self, home: Home, listener: socket.socket) -> int:
        if self._documents.only:
            return 0
        async with Client(f"http://{address(listener)}/graphql") as client:
            return await ExampleFlows(client, home.folder / "examples.json").load()

    def _summary(self, address: str, flows: int) -> str:
        try_it = "tidegate run examples/order-total.yaml"
        url = "" if address == f"{HOST}:8000" else f" --url http://{address}/graphql"
        # Counted from the process's own beginning, because a good part of the time goes into imports.
        seconds = time.time() - psutil.Process().create_time()
        return (
            f"Tidegate is ready after {seconds:.1f} s.\n"
            f"  console   http://{address}/{_how_to_build(CONSOLE)}\n"
            f"  GraphQL   http://{address}/graphql (subscriptions: ws://{address}/graphql)\n"
            f"  GraphiQL  http://{address}/graphiql{_how_to_build(GRAPHIQL)}\n"
            f"  health    http://{address}/readyz\n"
            f"  data      {self._data_dir} (URLs for further processes: {self._data_dir / 'env'})\n"
            f"  examples  {flows} flows; try: {try_it}{url}\n"
            f"  worker    {'one beside this process' if self._with_worker else 'none; start: tidegate worker'}\n"
            "Ctrl-C ends it; the data stays."
        )


def _how_to_build(page: Path) -> str:
    return "" if page.is_dir() else " (not built yet: make web)"
