"""What can happen in the sandbox: each record is one line of the journal, and the state is the fold over all of them."""

import hashlib

import msgspec


class Record(msgspec.Struct, frozen=True, kw_only=True, tag_field="record", tag=str.lower):
    """One fact; never changed, only followed by others."""


class App(Record, frozen=True):
    """The X app all our accounts authorise: its keys for OAuth 1.0a, for OAuth 2, and its app-only token.

    A later record replaces it.
    """

    api_key: str
    api_secret: str
    client_id: str = ""
    client_secret: str = ""
    bearer: str = ""

    def __repr__(self) -> str:
        return "App(***)"


class User(Record, frozen=True):
    """An X user. One with a token is an account of ours; one without is a customer. A later record replaces it."""

    id: int
    handle: str
    name: str
    access_token: str = ""
    access_token_secret: str = ""
    closed_dms: bool = False
    suspended: bool = False
    long_posts: bool = False
    """Pays X for posts of up to 25,000 characters."""

    @property
    def own(self) -> bool:
        return bool(self.access_token)

    def __repr__(self) -> str:
        return f"User(@{self.handle})"


class Post(Record, frozen=True):
    """A post, with its text as it was received."""

    id: int
    author: int
    text: str
    in_reply_to: int | None = None
    quoted: int | None = None
    media: tuple[int, ...] = ()
    made_with_ai: bool = False
    reply_settings: str | None = None


class Deleted(Record, frozen=True):
    """A post is gone."""

    id: int


class Hidden(Record, frozen=True):
    """A reply was hidden by the author of the conversation, or shown again."""

    id: int
    hidden: bool


class Dm(Record, frozen=True):
    """A direct message between two users."""

    id: int
    sender: int
    recipient: int
    text: str
    media: int | None = None


class Media(Record, frozen=True):
    """A finished upload, byte for byte; usable from `ready_at` on, in Unix seconds, unless it `failed`."""

    id: int
    owner: int
    category: str
    media_type: str
    content: bytes
    ready_at: float
    failed: bool = False

    @property
    def key(self) -> str:
        kind = 16 if self.category.endswith("gif") else 13 if self.category.endswith("video") else 3
        return f"{kind}_{self.id}"

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    def __repr__(self) -> str:
        return f"Media({self.id}, {len(self.content)} bytes)"


class AltText(Record, frozen=True):
    """The description of an upload."""

    id: int
    text: str


class Grant(Record, frozen=True):
    """A person let the X app act for their account, within scopes."""

    id: int
    user: int
    scopes: tuple[str, ...]


class Tokens(Record, frozen=True):
    """The tokens of a grant; a later pair replaces it, and its refresh token is then worth nothing."""

    grant: int
    access: str
    refresh: str
    expires_at: float

    def __repr__(self) -> str:
        return "Tokens(***)"


class Expired(Record, frozen=True):
    """One access token is worth nothing from now on; its refresh token still is."""

    access: str

    def __repr__(self) -> str:
        return "Expired(***)"


class Revoked(Record, frozen=True):
    """A grant is over, with all its tokens; `by_user` when the account's owner took it back on X."""

    grant: int
    by_user: bool = False


class Webhook(Record, frozen=True):
    """An address that passed its first check; a later record replaces it."""

    id: int
    url: str
    valid: bool
    checked_at: float


class WebhookGone(Record, frozen=True):
    """A webhook was deleted."""

    id: int


class Subscription(Record, frozen=True):
    """Events of one type and one account, for one webhook; a later record replaces it."""

    id: int
    event_type: str
    user: int | None = None
    webhook: int | None = None
    tag: str | None = None
    direction: str | None = None
    updated_at: float = 0.0


class SubscriptionGone(Record, frozen=True):
    """A subscription was deleted."""

    id: int


class Reset(Record, frozen=True):
    """Posts, messages, uploads, customers and webhooks are gone; our accounts and their credentials stay."""


GrantRecord = Grant | Tokens | Expired | Revoked
HookRecord = Webhook | WebhookGone | Subscription | SubscriptionGone
AnyRecord = App | User | Post | Deleted | Hidden | Dm | Media | AltText | GrantRecord | HookRecord | Reset
