"""What outsiders do: mention our accounts, answer and quote them, write to them, close their direct messages."""

import re

from govern.sandbox.problems import ApiError
from govern.sandbox.records import Dm, Post, User
from govern.sandbox.state import State, names
from govern.sandbox.text import MAX_DM

HANDLE = re.compile(r"[A-Za-z0-9_]{1,15}")


def clean_handle(given: str) -> str:
    """Return a handle without its @.

    Raises:
        ApiError: 400, when X would not have such a handle.
    """
    handle = given.strip().removeprefix("@")
    if not HANDLE.fullmatch(handle):
        raise ApiError(400, f"{given!r} is not a handle: 1 to 15 letters, digits or _.")
    return handle


def own_account(state: State, handle: str) -> User:
    """Find an account of ours, or answer 404."""
    user = state.find_user(clean_handle(handle))
    if user is None or not user.own:
        raise ApiError(404, f"The sandbox has no account @{handle.strip().removeprefix('@')} of yours.")
    return user


def customer(state: State, handle: str) -> User:
    """Find a customer, who appears on first use.

    Raises:
        ApiError: 400, when the handle is one of our own accounts: they write through the X API.
    """
    wanted = clean_handle(handle)
    user = state.find_user(wanted) or state.add_customer(wanted)
    if user.own:
        raise ApiError(400, f"@{user.handle} is an account of yours; it writes through the X API, not as a customer.")
    return user


def write_post(
    state: State, author: str, account: str, text: str, *, in_reply_to: int | None = None, quoted: int | None = None
) -> int:
    """Post as a customer. The account's handle is put before a text that does not concern it otherwise."""
    target = own_account(state, account)
    answered, quotes = _post(state, in_reply_to, "reply to"), _post(state, quoted, "quote")
    words = _text(text)
    sender = customer(state, author)
    concerned = any(other is not None and other.author == target.id for other in (answered, quotes))
    if not (names(words, target.handle) or concerned):
        words = f"@{target.handle} {words}"
    new = Post(id=state.ids.next(), author=sender.id, text=words, in_reply_to=in_reply_to, quoted=quoted)
    return state.add(new).id


def write_dm(state: State, author: str, account: str, text: str) -> int:
    recipient = own_account(state, account)
    words = _text(text)
    sender = customer(state, author)
    return state.add(Dm(id=state.ids.next(), sender=sender.id, recipient=recipient.id, text=words)).id


def _text(text: str) -> str:
    if not text.strip():
        raise ApiError(400, "The text is empty.")
    if len(text) > MAX_DM:
        raise ApiError(400, f"The text is over {MAX_DM} characters.")
    return text


def _post(state: State, wanted: int | None, doing: str) -> Post | None:
    if wanted is None:
        return None
    if wanted not in state.posts:
        raise ApiError(404, f"There is no post {wanted} to {doing}.")
    return state.posts[wanted]
