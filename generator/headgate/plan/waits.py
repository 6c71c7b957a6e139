"""What ends a wait without a decision, said alike in every language."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from headgate.ir.api import Api
    from headgate.ir.surface import Wait


def told_ends(
    wait: Wait, api: Api, named: Callable[[str], str], *, otherwise: str, late: str
) -> str:
    """Tell the errors, each with what raises it.

    `named` gives an error class as the language calls it; `otherwise` is raised where
    the wait has no rule for errors, and `late` says when nobody waits any longer.
    """
    blocking = wait.blocking
    if blocking is None or wait is not api.surface.blocking:
        return f"`{otherwise}` {late}"
    told: list[str] = []
    for at, (error, values) in enumerate(blocking.ends.items()):
        when = [*([] if at else [late]), *(f"where it is `{each}`" for each in values)]
        told.append(f"`{named(error)}` {' or '.join(when)}")
    return ", and ".join(told)
