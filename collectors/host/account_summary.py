"""How many accounts there are, and of what kind: numbers, never names."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Annotated

from collectors.facts import Failed, collector, fact
from collectors.sources.files import line, names, pairs
from collectors.sources.linux import Linux
from collectors.sources.windows import Session, Windows

ADMINISTRATOR_GROUPS = frozenset({"sudo", "wheel", "admin"})
_NO_SHELLS = ("/nologin", "/false", "/sync", "/shutdown", "/halt", "/true")
_PASSWD_FIELDS, _GROUP_FIELDS, _SHADOW_FIELDS = 7, 4, 9
_SECONDS_A_DAY = 86400


@fact(
    why="To see administrators that should not be and guests that may come in (target hardened)", valid_operation_days=7
)
class AccountSummary:
    """The accounts of this PC itself, counted. Those of a directory (LDAP, Active Directory) are not seen."""

    administrators: Annotated[
        int | None,
        "Accounts that may become root (user id 0, the groups sudo, wheel and admin), or that are enabled members of "
        "Windows' group of administrators; null: that group was not read",
    ] = None
    enabled_accounts: Annotated[
        int | None,
        "Accounts with a login shell, a password that works, and no end date that is past (null: needs root); on "
        "Windows those that are not disabled",
    ] = None
    guest_enabled: Annotated[bool | None, "An account 'guest' can be used; null: needs root"] = None
    signed_in_is_administrator: Annotated[
        bool | None, "Of those signed in at the PC itself one is an administrator; null: nobody is, or it can't be seen"
    ] = None


@dataclass(frozen=True, slots=True)
class Account:
    """One line of /etc/passwd. It never leaves this PC."""

    name: str
    uid: int
    gid: int
    shell: str

    @property
    def can_sign_in(self) -> bool:
        """True where its shell lets somebody in; an empty one is /bin/sh."""
        return not self.shell.endswith(_NO_SHELLS)


@collector(every="6h", within="10s")
def linux(host: Linux) -> Iterator[AccountSummary]:
    """Read /etc/passwd, /etc/group, /etc/shadow (root only) and logind's sessions."""
    all_accounts = accounts(host)
    administrators = _administrators(host, all_accounts)
    usable = with_password(host)
    yield AccountSummary(
        administrators=len({one.name for one in all_accounts if one.name in administrators}),
        enabled_accounts=None
        if usable is None
        else len({one.name for one in all_accounts if one.can_sign_in and one.name in usable}),
        guest_enabled=guest_enabled(host),
        signed_in_is_administrator=_signed_in(host, {one.uid for one in all_accounts if one.name in administrators}),
    )


def accounts(host: Linux) -> list[Account]:
    """Return the accounts of /etc/passwd. Raises Failed where no line of it is one."""
    lines = (one.split(":") for one in host.read("/etc/passwd").splitlines())
    found = [
        Account(one[0], int(one[2]), int(one[3]), one[6])
        for one in lines
        if len(one) == _PASSWD_FIELDS and _is_id(one[2]) and _is_id(one[3])
    ]
    if not found:
        raise Failed("/etc/passwd has no line that is an account: the file is damaged")
    return found


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= len("4294967295")


def _administrators(host: Linux, all_accounts: list[Account]) -> AbstractSet[str]:
    found = {one.name for one in all_accounts if one.uid == 0}
    for one in host.read("/etc/group").splitlines():
        fields = one.split(":")
        if len(fields) == _GROUP_FIELDS and fields[0] in ADMINISTRATOR_GROUPS:
            found.update(name.strip() for name in fields[3].split(","))
            if _is_id(fields[2]):
                found.update(one.name for one in all_accounts if one.gid == int(fields[2]))
    return found


def with_password(host: Linux) -> AbstractSet[str] | None:
    """Return the names of the accounts whose password works (an empty one does); None without root's rights."""
    try:
        text = host.read("/etc/shadow")
    except OSError:
        return None
    today = host.now().timestamp() // _SECONDS_A_DAY
    found = set()
    for one in text.splitlines():
        fields = one.split(":")
        if len(fields) == _SHADOW_FIELDS and not fields[1].startswith(("!", "*")):
            ends = fields[7]
            if not (_is_id(ends) and int(ends) < today):
                found.add(fields[0])
    return found


def guest_enabled(host: Linux) -> bool | None:
    """Say whether somebody may sign in as 'guest'; None where only root could tell."""
    guests = {one.name for one in accounts(host) if one.name.lower() in {"guest", "khach"} and one.can_sign_in}
    usable = with_password(host) if guests else set()
    return None if usable is None else bool(guests & usable)


SESSIONS = "/run/systemd/sessions"


def _signed_in(host: Linux, administrators: AbstractSet[int]) -> bool | None:
    """Look at the sessions of people at the PC's own seat; a greeter's or a service's are none."""
    sessions = [pairs(line(host, f"{SESSIONS}/{name}") or "") for name in names(host, SESSIONS)]
    people = {
        int(one["UID"])
        for one in sessions
        if one.get("CLASS", "").startswith("user") and one.get("REMOTE") != "1" and _is_id(one.get("UID", ""))
        if one.get("STATE") in {"active", "online"}
    }
    return bool(people & administrators) if people else None


GUEST_RID = 501  # the last part of the guest's SID, whatever its name: 'Invité', 'Khách'


@collector(every="6h", within="30s")
def windows(host: Windows) -> Iterator[AccountSummary]:
    """Count this PC's own accounts, known by the last part of their SIDs; those of a domain are not seen."""
    own = host.accounts()
    if not own:
        raise Failed("Windows lists no account of this PC, and every one has some")
    enabled = [one for one in own if one.is_enabled]
    members = [one.is_administrator for one in enabled]
    session = _windows_session(host)
    yield AccountSummary(
        administrators=None if None in members else members.count(True),
        enabled_accounts=len(enabled),
        guest_enabled=windows_guest_enabled(host),
        signed_in_is_administrator=session.is_administrator if session else None,
    )


def windows_guest_enabled(host: Windows) -> bool:
    """Say whether the account Guest is enabled. Raises as ``host.accounts`` does."""
    return any(one.is_enabled for one in host.accounts() if one.rid == GUEST_RID)


def _windows_session(host: Windows) -> Session | None:
    try:
        return host.session()
    except (OSError, Failed):
        return None
