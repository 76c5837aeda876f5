"""Arming a process with the faults that its environment asks for, which only the fault campaign does."""

import os
from collections.abc import MutableMapping
from pathlib import Path

from tidegate.settings import InvalidSetting

VARIABLE, LOG_VARIABLE = "TIDEGATE_FAULTS", "TIDEGATE_FAULT_LOG"


def arm_if_asked(environment: MutableMapping[str, str] = os.environ) -> None:
    """Set up the faults that TIDEGATE_FAULTS names, before anything runs here; raises `TidegateError` if it cannot.

    They are this process's alone: those that it starts do not inherit them.
    """
    text = environment.pop(VARIABLE, None)
    if not text:
        return
    # Imported here, so that a process that is to work has none of it.
    from tidegate.fault_points import arm
    from tidegate.faults import Faults, read_faults

    try:
        plan = read_faults(text)
    except ValueError:
        raise InvalidSetting(VARIABLE, repr(text), "faults such as before_effect:kill@3, separated by commas") from None
    log = environment.get(LOG_VARIABLE)
    arm(Faults(plan, Path(log) if log else None))
