"""What libraries would print at DEBUG: the Authorization header, what was signed, the bodies with tokens in them."""

import logging

TALKATIVE = ("tweepy", "oauthlib", "aiohttp", "httpx", "httpcore")


def hush() -> None:
    """Keep these libraries' loggers from DEBUG, whatever level somebody gives them: each that exists by now.

    Call it below the imports: a library makes its loggers while it is imported.
    """
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in TALKATIVE:
            logging.getLogger(name).addFilter(_is_no_debugging)  # the same one twice is there once
    for name in TALKATIVE:
        logger = logging.getLogger(name)
        logger.addFilter(_is_no_debugging)
        logger.setLevel(max(logging.INFO, logger.level))


def _is_no_debugging(record: logging.LogRecord) -> bool:
    return record.levelno > logging.DEBUG
