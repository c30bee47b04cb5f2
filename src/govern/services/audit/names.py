"""Names of what entries speak of, as they are today; and back: what a name or number a person types may mean."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from uuid import UUID

import msgspec
from piccolo.columns.combination import WhereRaw
from piccolo.table import Table

from govern.database import rows
from govern.domain.accounts import account_scope, brand_scope
from govern.domain.audit import BY_NAME, Entry, named_fields
from govern.domain.ids import parse_message_number
from govern.errors import NotFound
from govern.tables import Account, ApiToken, Brand, Contact, Member, Message

ERASED = frozenset({"(erased)", "@(erased)"})
"""What an erased person is called in the tables: a member, a contact."""
MOST_MATCHES = 200
"""A word that names more things than this names none in particular."""

# Kind of object: its table, the column of its name, how the name is shown.
SHOWN: dict[str, tuple[type[Table], str, str]] = {
    "member": (Member, "name", "{}"),
    "account": (Account, "handle", "@{}"),
    "contact": (Contact, "handle", "@{}"),
    "brand": (Brand, "name", "{}"),
    "message": (Message, "number", "M-{}"),
}


_TOKENS = """
SELECT t.id, t.name, m.id AS member, m.name AS owner FROM api_token t JOIN member m ON m.id = t.member
 WHERE t.id = ANY({})
"""

_BRANDS = "SELECT id, scope FROM brand WHERE name ILIKE {} OR slug ILIKE {} OR id::text = {} ORDER BY slug LIMIT 200"
_BELOW = "SELECT scope FROM account WHERE brand = ANY({})"


class Meant(msgspec.Struct, frozen=True, kw_only=True):
    """What a word may mean: ids of actors (`member:…`), ids of objects, scopes."""

    actors: frozenset[str] = frozenset()
    objects: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()

    def __or__(self, other: "Meant") -> "Meant":
        return Meant(
            actors=self.actors | other.actors,
            objects=self.objects | other.objects,
            scopes=self.scopes | other.scopes,
        )


class TokenName(msgspec.Struct, frozen=True, kw_only=True):
    """How an API token is called: by its owner and its own name."""

    owner: str
    """As `member:id`."""
    owned_by: str
    """The owner's name today."""
    label: str

    def of(self, owner: str) -> str:
        """Return its name under a name of its owner."""
        return f"{owner} (API token “{self.label}”)"


async def names_for(entries: Iterable[Entry]) -> dict[str, str]:
    """Return the name of every object the entries speak of, by `kind:id`, and of brands by their scope too."""
    wanted: dict[str, set[UUID]] = defaultdict(set)
    slugs: set[str] = set()
    for entry in entries:
        for kind, _, text in (key.partition(":") for key in mentioned(entry)):
            if kind in {*SHOWN, "token"} and (found := parse_id(text)):
                wanted[kind].add(found)
        if entry.scope.startswith("brand:"):
            slugs.add(entry.scope.removeprefix("brand:"))
    names = {key: token.of(token.owned_by) for key, token in (await _find_tokens(wanted.pop("token", set()))).items()}
    for kind, ids in wanted.items():
        table, column, shown = SHOWN[kind]
        found_rows = rows(await table.select("id", column).where(WhereRaw("id = ANY({})", list(ids))))
        names |= {f"{kind}:{row['id']}": shown.format(row[column]) for row in found_rows}
    if slugs:
        brands = rows(await Brand.select(Brand.slug, Brand.name).where(Brand.slug.is_in(list(slugs))))
        names |= {brand_scope(row["slug"]): row["name"] for row in brands}
    return names


async def token_names(entries: Iterable[Entry]) -> dict[str, TokenName]:
    """Return how each API token that entries speak of is called, by `token:id`."""
    keys = {key for entry in entries for key in mentioned(entry) if key.startswith("token:")}
    return await _find_tokens({found for key in keys if (found := parse_id(key.partition(":")[2]))})


async def _find_tokens(ids: Collection[UUID]) -> dict[str, TokenName]:
    found = rows(await ApiToken.raw(_TOKENS, list(ids))) if ids else []
    return {
        f"token:{row['id']}": TokenName(owner=f"member:{row['member']}", owned_by=row["owner"], label=row["name"])
        for row in found
    }


def parse_id(text: str) -> UUID | None:
    """Read a UUID, or return None."""
    try:
        return UUID(text)
    except ValueError:
        return None


def mentioned(entry: Entry) -> list[str]:
    """Return what an entry speaks of, as `kind:id`: who acted, its objects, what its fields name."""
    kinds = named_fields(BY_NAME[entry.action]) if entry.action in BY_NAME else {}
    named = [f"{kind}:{entry.data[field]}" for field, kind in kinds.items() if field in entry.data]
    return [entry.actor.id, *(each.key for each in entry.objects), *named]


async def find_meanings(word: str) -> Meant:
    """Return everything a word may name today: a person, account, brand, contact, message, or an id."""
    return await find_actors(word) | await find_places(word) | await find_subjects(word)


async def find_actors(word: str) -> Meant:
    """Return the people whose name or e-mail has the word, with their API tokens; or the actor of that id."""
    people = rows(
        await Member.select(Member.id)
        .where(WhereRaw("(name ILIKE {} OR email ILIKE {} OR id::text = {})", _like(word), _like(word), _bare(word)))
        .limit(MOST_MATCHES)
    )
    members = [row["id"] for row in people]
    tokens = rows(await ApiToken.select(ApiToken.id).where(ApiToken.member.is_in(members))) if members else []
    actors = [*(f"member:{member}" for member in members), *(f"token:{row['id']}" for row in tokens)]
    if ":" in word:
        actors.append(word)
    return Meant(actors=frozenset(actors), objects=frozenset(map(str, members)))


async def find_places(word: str) -> Meant:
    """Return the accounts whose handle has the word, and the brands whose name or slug has it."""
    accounts = rows(
        await Account.select(Account.id, Account.scope)
        .where(WhereRaw("(handle ILIKE {} OR id::text = {})", _like(word.removeprefix("@")), word.lower()))
        .limit(MOST_MATCHES)
    )
    brands = rows(
        await Brand.select(Brand.id, Brand.scope)
        .where(WhereRaw("(name ILIKE {} OR slug ILIKE {})", _like(word), _like(word)))
        .limit(MOST_MATCHES)
    )
    found = [*accounts, *brands]
    return Meant(
        objects=frozenset(str(row["id"]) for row in found), scopes=frozenset(str(row["scope"]) for row in found)
    )


async def find_brand(word: str) -> Meant:
    """Return the brands whose name or slug has the word, with all that belongs to them: their scopes, and below."""
    found = rows(await Brand.raw(_BRANDS, _like(word), _like(word.removeprefix("brand:")), word.lower()))
    scopes = [row["scope"] for row in rows(await Brand.raw(_BELOW, [row["id"] for row in found]))] if found else []
    return Meant(
        objects=frozenset(str(row["id"]) for row in found),
        scopes=frozenset([*(str(row["scope"]) for row in found), *map(str, scopes)]),
    )


async def find_account(word: str) -> Meant:
    """Return the account of that handle (with or without @) or id, and its scope."""
    handle = word.removeprefix("@")
    accounts = rows(
        await Account.select(Account.id, Account.scope).where(
            WhereRaw("(lower(handle) = {} OR scope = {} OR id::text = {})", handle.lower(), account_scope(handle), word)
        )
    )
    return Meant(
        objects=frozenset(str(row["id"]) for row in accounts), scopes=frozenset(row["scope"] for row in accounts)
    )


async def find_subjects(word: str) -> Meant:
    """Return the message of that number, the contacts and members whose name has the word, or the object of that id."""
    if (found := parse_id(word)) is not None:
        return Meant(objects=frozenset({str(found)}))
    try:
        messages = rows(await Message.select(Message.id).where(Message.number == parse_message_number(word)))
    except NotFound:
        messages = []
    contacts = rows(
        await Contact.select(Contact.id)
        .where(WhereRaw("(handle ILIKE {} OR name ILIKE {})", _like(word.removeprefix("@")), _like(word)))
        .limit(MOST_MATCHES)
    )
    people = (await find_actors(word)).objects
    return Meant(objects=people | {str(row["id"]) for row in [*messages, *contacts]})


def _like(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _bare(word: str) -> str:
    return word.lower().rpartition(":")[2]
