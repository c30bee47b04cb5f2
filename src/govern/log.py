"""Structured logs: events with fields, JSON in production, secrets redacted. They are not the audit log."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_SECRET_WORDS = ("secret", "token", "password", "authorization", "cookie", "sealed", "verifier")


def _redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key in event:
        if any(word in key.lower() for word in _SECRET_WORDS):
            event[key] = "***"
    return event


def set_up(*, json: bool, level: str = "INFO") -> None:
    """Send structlog and the standard library's loggers to standard error in one format."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _redact,
    ]
    renderer: Any = structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # At DEBUG tweepy prints the Authorization header, casbin every fact of a decision.
    for noisy in ("tweepy", "aiohttp", "asyncio", "casbin", "arq", "httpx", "httpcore", "oauthlib", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(max(logging.INFO, logging.getLevelNamesMapping()[level]))
    for quiet in ("casbin.role", "casbin.policy", "casbin.enforcer", "httpx", "uvicorn.access"):
        logging.getLogger(quiet).setLevel(logging.WARNING)
    # It prints a trace for each connection that PostgreSQL, restarting, hung up; our own line says it once.
    logging.getLogger("asyncpg.pool").setLevel(logging.ERROR)


def get(name: str) -> structlog.stdlib.BoundLogger:
    """Return the logger of a module."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger
