"""May this actor do this action, here, now, and why? Casbin decides; every doubt is a denial."""

from govern.access.asking import Access, Asking
from govern.access.bundle import Bundle, load_bundle, read_bundle
from govern.access.catalogue import PolicyFault
from govern.access.distribution import WrongCasbin, check_distribution
from govern.access.snapshot import Snapshot
from govern.access.source import Change, GrantSource, Held

__all__ = [
    "Access",
    "Asking",
    "Bundle",
    "Change",
    "GrantSource",
    "Held",
    "PolicyFault",
    "Snapshot",
    "WrongCasbin",
    "check_distribution",
    "load_bundle",
    "read_bundle",
]
