"""Why a machine's own engines and parts did not start, in words that say what to do."""

from govern.errors import N_, Conflict, Unavailable


class PartFailed(Unavailable):
    """A part ended or did not answer. Data: `part`, `reason`, `log`, `tail` (its last lines)."""

    code = "up.part_failed"
    template = N_("{part} did not start: {reason}. Its log is {log}; the last lines:\n{tail}")


class NotOurFolder(Conflict):
    code = "up.not_our_folder"
    template = N_("{folder} is not empty and was not made by govern; name another folder with --data-dir.")


class FolderInUse(Conflict):
    code = "up.folder_in_use"
    template = N_(
        "Another govern runs with the data in {folder}; stop it first, or name another folder with --data-dir."
    )


class PortInUse(Conflict):
    code = "up.port_in_use"
    template = N_("Port {port} is in use, or not ours to use; choose another with {option}.")


class OtherVersion(Conflict):
    code = "up.other_version"
    template = N_("{folder} holds data of PostgreSQL {found}; this version of govern brings PostgreSQL {expected}.")


class NoServerUser(Unavailable):
    code = "up.no_server_user"
    template = N_("PostgreSQL does not run as root, and the user {user} could not be made; run govern as another user.")
