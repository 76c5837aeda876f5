"""Postgres and Valkey from Python wheels: what `tidegate dev` runs on when no servers are given."""

from storage.embedded.errors import DataDirectoryInUse, EmbeddedServerError
from storage.embedded.postgres import EmbeddedPostgres
from storage.embedded.valkey import EmbeddedValkey

__all__ = ["DataDirectoryInUse", "EmbeddedPostgres", "EmbeddedServerError", "EmbeddedValkey"]
