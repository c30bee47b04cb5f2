"""Govern a company's many X accounts: who may post, what may be said, who approves, and a record of all of it."""

import os

# Piccolo looks its configuration up by this name, the first time an engine is needed.
os.environ.setdefault("PICCOLO_CONF", "govern.piccolo_conf")

__version__ = "0.1.0"
