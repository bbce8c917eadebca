"""Log lines: JSON where machines read them, columns where a person does."""

from __future__ import annotations

import logging
import sys
from typing import Any

# structlog imports rich, 150 modules, wherever it is installed, to draw tracebacks that no log of ours has.
if "rich" not in sys.modules:
    sys.modules["rich"] = None  # type: ignore[assignment]
    import structlog

    del sys.modules["rich"]
else:
    import structlog

OURS = (
    "inframind", "identity", "notifications", "settlement", "staking", "oracle", "delegation", "governance",
    "chain", "chain_sync", "retention",
)  # fmt: skip
# Start and stop of these servers are logged.
SERVERS = ("_granian", "celery.worker.consumer", "celery.apps.worker")

SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]


def logging_config(*, level: str, as_json: bool) -> dict[str, Any]:
    """Configure structlog and return the `LOGGING` that gives both kinds of logger one format."""
    structlog.configure(
        processors=[*SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    # A warning of Python is a line like any other.
    logging.captureWarnings(as_json)
    last = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False)
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "lines": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
                "foreign_pre_chain": SHARED,
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {name: {"level": level} for name in (*OURS, *SERVERS)},
    }
