"""The proof of one entry as the panel draws it: the path, the checkpoint, and who can check it."""

from collections.abc import Sequence
from typing import Any

from govern.domain.actions import Action
from govern.errors import Unavailable
from govern.services.audit import EntryState, EntryView
from govern.services.audit.log_key import VerifierUnfit, read_verifier
from govern.services.audit_log import prove
from govern.tlog.checkpoint import Checkpoint, parse_checkpoint
from govern.tlog.note import parse_note
from govern.tlog.proof import InclusionProof
from govern.web.panel.desk import Desk
from govern.web.panel.i18n import gettext as _
from govern.web.panel.i18n import ngettext
from govern.web.panel.views import View


class ProofShown(View, frozen=True, kw_only=True):
    """What the page says of an entry's place in the log."""

    words: str
    detail: str
    icon: str
    tone: str
    checkpoint: str = ""
    path: Sequence[tuple[str, str]] = ()
    """Each step with the side the other hash stands on."""
    href: str = ""
    """Where the proof is downloaded; empty: there is none to be had."""
    key: str = ""
    """The log's public key as this server names it."""


async def shown_proof(desk: Desk, entry: EntryView) -> ProofShown:
    """Prove the entry, for those who may; say plainly why there is no proof where there is none."""
    if entry.id is None or entry.state is not EntryState.INCLUDED:
        return ProofShown(
            words=_("Recorded, not yet in a checkpoint"),
            detail=_("It is placed in the log and signed within seconds; load the page again."),
            icon="clock",
            tone="warn",
        )
    if not await desk.may(Action.AUDIT_VERIFY):
        return ProofShown(
            words=_("Included"), detail=_("The proof is for those who verify the log."), icon="circle-check", tone=""
        )
    who: Any = {"actor": desk.actor, "access": desk.access, "now": desk.now}
    try:
        proof = await prove(entry.id, **who)
    except Unavailable:
        return ProofShown(
            words=_("The proof cannot be made"),
            detail=_("What the database holds does not lead to the signed checkpoint. Verify the log."),
            icon="circle-x",
            tone="bad",
        )
    return _shown(desk, entry, proof)


def _shown(desk: Desk, entry: EntryView, proof: InclusionProof) -> ProofShown:
    note = parse_note(proof.checkpoint)
    checkpoint = parse_checkpoint(note.text)
    steps = ngettext("tree path of %(num)s step", "tree path of %(num)s steps", len(proof.path)) % {
        "num": len(proof.path)
    }
    return ProofShown(
        words=_("Included and unchanged"),
        detail=_("Leaf hash, %(path)s and the signature of the checkpoint agree: checked by this server just now.")
        % {"path": steps},
        icon="circle-check",
        tone="ok",
        checkpoint=_("%(size)s entries · %(origin)s · key %(key)s")
        % {
            "size": desk.fmt.number(checkpoint.size),
            "origin": checkpoint.origin,
            "key": note.signatures[0].key_id.hex(),
        },
        path=_path(proof, checkpoint),
        href=f"/api/v1/audit/entries/{entry.id}/proof",
        key=_key(desk),
    )


def _path(proof: InclusionProof, checkpoint: Checkpoint) -> Sequence[tuple[str, str]]:
    """Name the side of each hash: above the fork of the last leaf's path and this one's, all stand on the left."""
    inner = (proof.index ^ (checkpoint.size - 1)).bit_length()
    return [
        (_("left") if level >= inner or proof.index >> level & 1 else _("right"), each.hex())
        for level, each in enumerate(proof.path)
    ]


def _key(desk: Desk) -> str:
    try:
        return str(read_verifier(desk.settings.verifier_file))
    except VerifierUnfit:
        return ""
