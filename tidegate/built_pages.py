"""Where `make web` puts the pages that it builds."""

from pathlib import Path

_BUILT = Path(__file__).parent.parent / "web" / "dist"

CONSOLE, GRAPHIQL = _BUILT / "console", _BUILT / "graphiql"

CONSOLE_DOCUMENTS = CONSOLE / "documents.json"
"""The manifest of what the console sends, which its build writes."""
