"""What `tidegate import` says of a conversion."""

from collections.abc import Iterator

from tidegate.chaingraph.conversion import Conversion


def lines(conversion: Conversion, lost: int) -> Iterator[str]:
    """One line that sums up, then one for each node and edge that needs a hand; `lost` edges had no nodes."""
    dropped = len(conversion.dropped) + lost
    yield (
        f"{_counted(conversion.mapped, 'node')} mapped, {len(conversion.disabled)} kept disabled, "
        f"{_counted(dropped, 'edge')} dropped"
    )
    titles = {node["id"]: node["title"] for node in conversion.document["nodes"] if "title" in node}
    for id, reason in conversion.disabled.items():
        yield f"  disabled {id} ({titles[id]}): {reason}"
    for edge in conversion.dropped:
        yield f"  dropped {edge}"
    if lost:
        yield f"  dropped {_counted(lost, 'edge')} of nodes that the export does not have"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
