"""Govern a company's many X accounts: who may post, what may be said, who approves, and a record of all of it."""

import os
import zoneinfo

# Piccolo looks its configuration up by this name, the first time an engine is needed.
os.environ.setdefault("PICCOLO_CONF", "govern.piccolo_conf")

# Whatever a machine's own time zone database says, a scheduled time is read by the pinned one, everywhere.
zoneinfo.reset_tzpath(())

__version__ = "0.1.0"
