"""No policy edit opens it: the database refuses an approval by whoever wrote or edited the text."""

from uuid import UUID

import asyncpg
import pytest

from tests.migrations.rows import Story, make_approval, make_revision, make_screening


async def test_a_third_person_approves(owner: asyncpg.Connection, story: Story) -> None:
    await make_approval(owner, story)


async def test_author_cannot_approve_own_message(owner: asyncpg.Connection, story: Story) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="approval_four_eyes_author"):
        await make_approval(owner, story, approver=story.author)


async def test_editor_cannot_approve_own_revision(owner: asyncpg.Connection, story: Story) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="approval_four_eyes_editor"):
        await make_approval(owner, story, approver=story.editor)


async def edited_and_approved(owner: asyncpg.Connection, story: Story, approver: UUID) -> None:
    revision = await make_revision(owner, message=story.message, editor=approver, number=2, edit_and_approve=True)
    screening = await make_screening(owner, revision=revision)
    await make_approval(
        owner,
        story,
        revision=revision,
        screening=screening,
        approver=approver,
        revision_editor=approver,
        edit_and_approve=True,
    )


async def test_edit_and_approve_is_one_step_for_a_third_person(owner: asyncpg.Connection, story: Story) -> None:
    await edited_and_approved(owner, story, story.approver)


async def test_author_cannot_edit_and_approve_own_message(owner: asyncpg.Connection, story: Story) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="approval_four_eyes_author"):
        await edited_and_approved(owner, story, story.author)


async def test_an_approval_cannot_name_another_author(owner: asyncpg.Connection, story: Story) -> None:
    with pytest.raises(asyncpg.ForeignKeyViolationError, match="approval_message_author_fkey"):
        await make_approval(owner, story, approver=story.author, message_author=story.approver)


@pytest.mark.parametrize("lie", ["revision_editor", "edit_and_approve"])
async def test_an_approval_cannot_name_another_editor(owner: asyncpg.Connection, story: Story, lie: str) -> None:
    given = {"revision_editor": story.approver, "edit_and_approve": True}[lie]
    with pytest.raises(asyncpg.ForeignKeyViolationError, match="approval_revision_editor_fkey"):
        await make_approval(owner, story, approver=story.editor, **{lie: given})


async def test_an_approved_message_keeps_its_author(owner: asyncpg.Connection, story: Story) -> None:
    await make_approval(owner, story)
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await owner.execute("UPDATE message SET author = $1 WHERE id = $2", story.approver, story.message)


async def test_one_person_approves_a_revision_once(owner: asyncpg.Connection, story: Story) -> None:
    first = await make_approval(owner, story)
    with pytest.raises(asyncpg.UniqueViolationError, match="approval_once"):
        await make_approval(owner, story)
    await owner.execute("UPDATE approval SET withdrawn_at = now() WHERE id = $1", first)
    await make_approval(owner, story)


@pytest.mark.parametrize("verdict", ["rejected", "changes_requested"])
async def test_a_no_needs_a_reason(owner: asyncpg.Connection, story: Story, verdict: str) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="approval_reason_given"):
        await make_approval(owner, story, verdict=verdict)
    await make_approval(owner, story, verdict=verdict, reason="The date is wrong.")
