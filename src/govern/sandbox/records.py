"""What can happen in the sandbox: each record is one line of the journal, and the state is the fold over all of them."""

import msgspec


class Record(msgspec.Struct, frozen=True, kw_only=True, tag_field="record", tag=str.lower):
    """One fact; never changed, only followed by others."""


class App(Record, frozen=True):
    """The X app all our accounts have authorised: its consumer key and secret. A later record replaces it."""

    api_key: str
    api_secret: str

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


class Deleted(Record, frozen=True):
    """A post is gone."""

    id: int


class Dm(Record, frozen=True):
    """A direct message between two users."""

    id: int
    sender: int
    recipient: int
    text: str


class Reset(Record, frozen=True):
    """Posts, direct messages and customers are gone; our accounts and their credentials stay."""


AnyRecord = App | User | Post | Deleted | Dm | Reset
