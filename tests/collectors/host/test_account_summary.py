"""Accounts: counted, never named."""

from typing import Any

import pytest

from tests.collectors.host.machines import machine, message, rows

ACCOUNTS = (
    "root:x:0:0:root:/root:/bin/bash\nbin:x:2:2:bin:/bin:/usr/sbin/nologin\n"
    "an:x:1000:1000::/home/an:/bin/bash\nbinh:x:1001:1001::/home/binh:\n"
)
GROUP = "root:x:0:\nsudo:x:27:an\n"


def line(name: str, password: str, expires: str = "") -> str:
    """Return a line of /etc/shadow."""
    return f"{name}:{password}:20000:0:99999:7::{expires}:\n"


def summary(passwd: str = ACCOUNTS, group: str = GROUP, shadow: str = "", **said: Any) -> dict[str, Any]:
    """Return the row of a machine with these accounts."""
    files = {"/etc/passwd": passwd, "/etc/group": group, "/etc/shadow": shadow, **said.pop("files", {})}
    (row,) = rows("account_summary", machine(files, **said))
    return row


def test_administrators_are_root_and_the_groups_that_may_become_root() -> None:
    """Members by name, by their first group, and any second account of user id 0; each counts once."""
    assert summary()["administrators"] == 2
    assert summary(group="wheel:x:1001:an,an\nadmin:x:5:an\n")["administrators"] == 3
    assert summary(passwd=ACCOUNTS + "toor:x:0:0::/root:/bin/sh\n")["administrators"] == 3
    assert summary(group="sudo:x:27:nobody-here\n")["administrators"] == 1


@pytest.mark.parametrize(
    ("shadow", "enabled"),
    [
        (line("an", "$y$x"), 1),
        (line("an", ""), 1),
        (line("an", "!$y$x") + line("binh", "*"), 0),
        (line("an", "$y$x", "19000"), 0),
        (line("an", "$y$x", "30000"), 1),
        (line("bin", "$y$x"), 0),
        (line("an", "$y$x") + line("binh", "$y$x"), 2),
    ],
)
def test_an_account_is_enabled_with_a_shell_and_a_password_that_works(shadow: str, enabled: int) -> None:
    """Locked, past its end, or without a login shell: not enabled. An empty password is one that works."""
    assert summary(shadow=shadow)["enabled_accounts"] == enabled


def test_an_ordinary_user_still_counts_the_administrators() -> None:
    """Only root reads /etc/shadow: what needs it is null."""
    row = summary(denied=["/etc/shadow"], passwd=ACCOUNTS + "guest:x:9:9::/:/bin/sh\n")
    assert (row["administrators"], row["enabled_accounts"], row["guest_enabled"]) == (2, None, None)


SESSION = "/run/systemd/sessions/2"


@pytest.mark.parametrize(
    ("session", "is_administrator"),
    [
        ("UID=1000\nUSER=an\nSTATE=active\nCLASS=user\n", True),
        ("UID=1001\nUSER=binh\nSTATE=online\nCLASS=user\n", False),
        ("UID=0\nUSER=root\nSTATE=active\nCLASS=user\nREMOTE=1\n", None),
        ("UID=0\nUSER=root\nSTATE=active\nCLASS=greeter\n", None),
        ("UID=1000\nUSER=an\nSTATE=closing\nCLASS=user\n", None),
        ("", None),
        ("UID=x\nSTATE=active\nCLASS=user\n", None),
    ],
)
def test_who_is_signed_in_at_the_pc_is_an_administrator_or_not(session: str, is_administrator: bool | None) -> None:
    """Sessions over the network, of a greeter, and those that end are no one's at the PC: null."""
    assert summary(files={SESSION: session})["signed_in_is_administrator"] is is_administrator


def test_a_damaged_list_of_accounts_is_a_failure() -> None:
    """No line that is an account: there is always root."""
    assert "damaged" in message("account_summary", machine({"/etc/passwd": "x\n:::\n", "/etc/group": GROUP}))
    assert "/etc/passwd" in message("account_summary", machine({"/etc/group": GROUP}))
