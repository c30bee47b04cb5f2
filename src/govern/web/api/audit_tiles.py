"""The log as C2SP tlog-tiles serves it, for programs that copy or check it: a checkpoint, tiles, bundles of entries."""

from typing import Annotated

from litestar import Controller, Response, get
from litestar.params import PathParameter

from govern.domain.actions import Action
from govern.services import audit_log
from govern.services.audit.log_reading import NoTile
from govern.tlog.tiles import WIDTH, TileError, TileRef, parse_path
from govern.web.api.problems import problems
from govern.web.dependencies import CurrentAccess, CurrentActor, Now

CHECKPOINT_TYPE = "text/plain"
TILE_TYPE = "application/octet-stream"
FOR_EVER = "private, max-age=31536000, immutable"
"""A full tile never changes; `private`, since not everybody may read it."""
FOR_NOW = "private, max-age=60"
TilePath = Annotated[str, PathParameter(description="`<L>/<N>[.p/<W>]`, or `entries/<N>[.p/<W>]`", max_length=80)]


class AuditTilesController(Controller):
    path = "/audit/log"
    tags = ("audit",)

    @get(
        "/checkpoint",
        summary="The newest signed checkpoint (C2SP tlog-checkpoint)",
        opt={"action": Action.AUDIT_VERIFY},
        media_type=CHECKPOINT_TYPE,
        responses=problems(403, 404),
    )
    async def checkpoint(self, *, actor: CurrentActor, access: CurrentAccess, now: Now) -> Response[str]:
        note = await audit_log.checkpoint(actor=actor, access=access, now=now)
        return Response(note, media_type=CHECKPOINT_TYPE, headers={"cache-control": "no-cache"})

    @get(
        "/tile/{tile_path:path}",
        summary="A tile of the tree, or a bundle of entries (C2SP tlog-tiles)",
        opt={"action": Action.AUDIT_READ},
        media_type=TILE_TYPE,
        responses=problems(403, 404),
    )
    async def tile(
        self, *, tile_path: TilePath, actor: CurrentActor, access: CurrentAccess, now: Now
    ) -> Response[bytes]:
        ref = _ref(tile_path)
        data = await audit_log.tile(ref, actor=actor, access=access, now=now)
        age = FOR_EVER if ref.width == WIDTH else FOR_NOW
        return Response(data, media_type=TILE_TYPE, headers={"cache-control": age})


def _ref(tile_path: str) -> TileRef:
    path = f"tile/{tile_path.removeprefix('/')}"
    try:
        return parse_path(path)
    except TileError:
        raise NoTile(name=path[:80]) from None
