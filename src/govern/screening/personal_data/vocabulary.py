"""How the lists of words in this package are written; those that officers may want to change stand in the policy file."""


def words(text: str) -> frozenset[str]:
    """Cut a list of words apart."""
    return frozenset(text.split())
