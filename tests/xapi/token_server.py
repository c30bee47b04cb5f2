"""A token endpoint that answers as it is told, and keeps what it was asked."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import msgspec
from msgspec.structs import replace

from govern.xapi.oauth import OAuthApp

APP = OAuthApp(
    client_id="client", client_secret="the-client-secret", site="", api="http://127.0.0.1:1", redirect_uri=""
)
Answer = tuple[int, str]
LIMIT = 20


class Asked(msgspec.Struct, frozen=True):
    """One request: its path, its headers in lower case, its form."""

    path: str
    headers: dict[str, str]
    form: dict[str, str]


class TokenServer:
    """`answer` says what comes back, once `open` is set."""

    def __init__(self, answer: Callable[[Asked], Answer]) -> None:
        self.answer = answer
        self.open = threading.Event()
        self.asked: list[Asked] = []
        self.app = APP

    def take(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        assert self.open.wait(LIMIT), "nobody let it answer"
        return self.answer(asked)


def renewing(asked: Asked) -> Answer:
    """Give the next pair for `r1`, `r2`, ...: each names its place."""
    number = int(asked.form.get("refresh_token", "r0").removeprefix("r")) + 1
    pair = {"access_token": f"a{number}", "refresh_token": f"r{number}", "expires_in": 7200, "scope": "tweet.read"}
    return 200, msgspec.json.encode(pair).decode()


def refusing(*spent: str) -> Callable[[Asked], Answer]:
    """Renew, but for tokens that are spent."""

    def answer(asked: Asked) -> Answer:
        told = {"error": "invalid_request", "error_description": "Value passed for the token was invalid."}
        if asked.form.get("refresh_token") in spent:
            return 400, msgspec.json.encode(told).decode()
        return renewing(asked)

    return answer


@contextmanager
def token_server(answer: Callable[[Asked], Answer] = renewing, *, held: bool = False) -> Iterator[TokenServer]:
    """Serve on loopback; `held`, it answers when the test opens it."""
    server = TokenServer(answer)
    if not held:
        server.open.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["content-length"])).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            form = {name: values[0] for name, values in parse_qs(sent).items()}
            status, body = server.take(Asked(self.path, headers, form))
            self.send_response(status)
            self.send_header("content-length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        server.app = replace(APP, api=f"http://127.0.0.1:{listening.server_port}")
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown()
            thread.join(5)
