"""May this actor do this action, here, now, and why? Casbin decides; every doubt is a denial."""

from govern.access.asking import Access, Asking, GrantSource
from govern.access.bundle import Bundle, load_bundle, read_bundle
from govern.access.catalogue import PolicyFault
from govern.access.distribution import WrongCasbin, check_distribution

__all__ = [
    "Access",
    "Asking",
    "Bundle",
    "GrantSource",
    "PolicyFault",
    "WrongCasbin",
    "check_distribution",
    "load_bundle",
    "read_bundle",
]
