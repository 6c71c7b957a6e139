"""The log: JSON lines on standard error, in which no secret appears."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from structlog.tracebacks import ExceptionDictTransformer

from headgate_gateway.keys import KEY_PREFIX
from headgate_gateway.settings import LogLevel

_REDACTED = "[redacted]"
_SECRET = re.compile(rf"{KEY_PREFIX}_(?:admin|proj)_\w+|(?i:bearer)\s+\S+")
_SECRET_NAMES = re.compile(
    r"authorization|cookie|api[-_]?key$|admin[-_]key|provider[-_]key|secret|password|pepper",
    re.IGNORECASE,
)

_STORED = re.compile(
    r"\n(?:DETAIL|CONTEXT):.*?(?=\n\[SQL:|\Z)|(?<=query argument \$)(\d+): [^\n]*",
    re.DOTALL,
)
"""Where PostgreSQL and its driver quote what was to be stored."""


def configure_logs(level: LogLevel) -> None:
    """Send everything that the gateway says to standard error."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(
                # Without locals: they hold requests, which are not ours to log.
                ExceptionDictTransformer(show_locals=False)
            ),
            redact,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )


def redact(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """A structlog processor: blanks values under telling names, and secrets."""
    return {name: _clean(name, value) for name, value in event.items()}


def _clean(name: str, value: Any) -> Any:
    if _SECRET_NAMES.search(name):
        return _REDACTED
    if isinstance(value, str):
        told = _STORED.sub(r"\1", value) if name == "exc_value" else value
        return _SECRET.sub(_REDACTED, told)
    if isinstance(value, dict):
        return {key: _clean(str(key), item) for key, item in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if isinstance(value, list | tuple):
        return [_clean("", item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    return value
