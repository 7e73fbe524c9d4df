"""Settings: each as the program that reads it would read it, and null where it can't be seen."""

from typing import Any

import pytest

from tests.collectors.host.machines import machine, rows


def setting(name: str, files: dict[str, str | bytes], **said: Any) -> tuple[str | None, str | None]:
    """Return one setting's state and value on a machine with these files."""
    found = {row["name"]: (row["state"], row["value"]) for row in rows("setting", machine(files, **said))}
    return found[name]


SSHD = {"/usr/sbin/sshd": ""}
CONFIG = "/etc/ssh/sshd_config"


@pytest.mark.parametrize(
    ("config", "state"),
    [
        ("", "enabled"),
        ("PasswordAuthentication no\nKbdInteractiveAuthentication no\n", "disabled"),
        ("PasswordAuthentication no\n", "disabled"),
        ("PasswordAuthentication no\nUsePAM yes\n", "enabled"),
        ("passwordauthentication=no\nPasswordAuthentication yes\n", "disabled"),
        ("#PasswordAuthentication no\n", "enabled"),
        ('PasswordAuthentication "no" # for all\n', "disabled"),
        ("PasswordAuthentication no\nMatch Address 10.0.0.0/8\n  PasswordAuthentication yes\n", "enabled"),
        ("Match User a\n  PasswordAuthentication no\n", "enabled"),
    ],
)
def test_sshd_takes_the_first_word_and_each_match_block(config: str, state: str) -> None:
    """Passwords count when anybody can come in by one: itself, through PAM, or within a Match block."""
    assert setting("ssh_password_login", {**SSHD, CONFIG: config})[0] == state


@pytest.mark.parametrize(
    ("config", "seen"),
    [
        ("", ("enabled", "prohibit-password")),
        ("PermitRootLogin no\n", ("disabled", "no")),
        ("PermitRootLogin yes\n", ("enabled", "yes")),
        ("PermitRootLogin no\nMatch Address 10.0.0.0/8\nPermitRootLogin yes\n", ("enabled", "yes")),
    ],
)
def test_root_by_key_only_is_still_root(config: str, seen: tuple[str, str]) -> None:
    """The value says how."""
    assert setting("ssh_root_login", {**SSHD, CONFIG: config}) == seen


def test_included_files_count_where_they_stand() -> None:
    """Debian includes a folder at the top, so its files win over what follows."""
    files: dict[str, str | bytes] = {
        **SSHD,
        CONFIG: "Include /etc/ssh/sshd_config.d/*.conf\nPermitRootLogin yes\n",
        "/etc/ssh/sshd_config.d/10-x.conf": "PermitRootLogin no\n",
        "/etc/ssh/sshd_config.d/20-y.off": "PermitRootLogin yes\n",
    }
    assert setting("ssh_root_login", files) == ("disabled", "no")
    assert (
        setting("ssh_root_login", {**files, CONFIG: "PermitRootLogin yes\nInclude sshd_config.d/*.conf\n"})[1] == "yes"
    )


def test_a_file_that_includes_itself_ends() -> None:
    """As in sshd, there is a limit to how deep files include others."""
    assert setting("ssh_root_login", {**SSHD, CONFIG: f"Include {CONFIG}\nPermitRootLogin no\n"})[0] == "disabled"


def test_what_may_not_be_read_is_null_and_leaves_the_others() -> None:
    """Fedora shows sshd's file to root only."""
    files: dict[str, str | bytes] = {
        **SSHD,
        CONFIG: "PermitRootLogin no\n",
        "/sys/class/tpm/tpm0/tpm_version_major": "2\n",
    }
    assert setting("ssh_root_login", files, denied=[CONFIG]) == (None, None)
    assert setting("tpm", files, denied=[CONFIG]) == ("enabled", "2")


@pytest.mark.parametrize("name", ["ssh_root_login", "ssh_password_login", "smb1", "remote_desktop"])
def test_a_server_that_is_not_installed_lets_nobody_in(name: str) -> None:
    """Disabled, since the program itself is not there."""
    assert setting(name, {}) == ("disabled", None)


@pytest.mark.parametrize(
    ("line", "state"), [("", "disabled"), ("Server Min Protocol = nt1", "enabled"), ("min protocol = SMB3", "disabled")]
)
def test_smb1_is_off_unless_samba_is_told_otherwise(line: str, state: str) -> None:
    """Samba's default is SMB2 since 4.11."""
    files: dict[str, str | bytes] = {
        "/usr/sbin/smbd": "",
        "/etc/samba/smb.conf": f"[global]\n  {line}\n[x]\nmin protocol = NT1\n",
    }
    assert setting("smb1", files)[0] == state


def test_remote_desktop_is_a_server_that_runs_or_starts_by_itself() -> None:
    """Installed alone is not on; hidden processes leave it unknown."""
    xrdp: dict[str, str | bytes] = {"/usr/sbin/xrdp": ""}
    assert setting("remote_desktop", xrdp) == (None, None)
    assert setting("remote_desktop", {**xrdp, "/proc/1/comm": "systemd"})[0] == "disabled"
    assert setting("remote_desktop", {**xrdp, "/proc/1/comm": "systemd", "/proc/9/comm": "xrdp\n"}) == (
        "enabled",
        "xrdp",
    )
    wanted = "/etc/systemd/system/multi-user.target.wants/xrdp.service"
    assert setting("remote_desktop", {**xrdp, "/proc/1/comm": "systemd", wanted: ""})[0] == "enabled"


ACCOUNTS = "root:x:0:0:root:/root:/bin/bash\nguest:x:1001:1001::/home/guest:/bin/bash\n"
SHADOW = "/etc/shadow"


@pytest.mark.parametrize(
    ("shadow", "state"),
    [("guest::1:0:99999:7:::\n", "enabled"), ("guest:!:1:0:99999:7:::\n", "disabled"), (None, None)],
)
def test_a_guest_account_counts_when_it_can_be_used(shadow: str | None, state: str | None) -> None:
    """An empty password lets anybody in; a locked one nobody; without root's rights it is unknown."""
    files: dict[str, str | bytes] = {"/etc/passwd": ACCOUNTS, **({SHADOW: shadow} if shadow else {})}
    assert setting("guest_account", files)[0] == state


def test_lightdms_guest_session_is_a_guest_account() -> None:
    """It needs no account of its own."""
    files: dict[str, str | bytes] = {
        "/etc/passwd": ACCOUNTS,
        SHADOW: "",
        "/etc/lightdm/lightdm.conf": "[Seat:*]\nallow-guest=true\n",
    }
    assert setting("guest_account", files) == ("enabled", "lightdm")


@pytest.mark.parametrize(
    ("keys", "seen"),
    [
        ("[org/gnome/desktop/session]\nidle-delay=uint32 600\n", ("enabled", "600")),
        (
            "[org/gnome/desktop/session]\nidle-delay=600\n[org/gnome/desktop/screensaver]\nlock-delay=uint32 60\n",
            ("enabled", "660"),
        ),
        ("[org/gnome/desktop/session]\nidle-delay=uint32 0\n", ("disabled", None)),
        ("[org/gnome/desktop/screensaver]\nlock-enabled=false\n", ("disabled", None)),
        ("[org/gnome/desktop/screensaver]\nlock-enabled=true\n", (None, None)),
        ("", (None, None)),
    ],
)
def test_the_screen_lock_is_what_the_system_sets_for_all(keys: str, seen: tuple[str | None, str | None]) -> None:
    """In seconds until it locks; what is left to the desktop's own default is unknown."""
    assert setting("screen_lock", {"/etc/dconf/db/local.d/00-school": keys}) == seen


def test_the_profile_names_the_databases() -> None:
    """Only those that /etc/dconf/profile/user lists count."""
    files: dict[str, str | bytes] = {
        "/etc/dconf/profile/user": "user-db:user\nsystem-db:truong\n",
        "/etc/dconf/db/local.d/1": "[org/gnome/desktop/media-handling]\nautorun-never=false\n",
        "/etc/dconf/db/truong.d/1": "[org/gnome/desktop/media-handling]\nautorun-never=true\n",
    }
    assert setting("autoplay", files)[0] == "disabled"


@pytest.mark.parametrize(
    ("path", "text", "value"),
    [
        ("/etc/gdm3/daemon.conf", "[daemon]\nAutomaticLoginEnable=true\nAutomaticLogin=hocsinh\n", "gdm"),
        ("/etc/gdm/custom.conf", "[daemon]\nTimedLoginEnable=True\n", "gdm"),
        ("/etc/lightdm/lightdm.conf.d/50.conf", "[Seat:*]\nautologin-user=hocsinh\n", "lightdm"),
        ("/etc/sddm.conf", "[Autologin]\nUser=hocsinh\n", "sddm"),
    ],
)
def test_automatic_login_tells_the_program_and_never_the_account(path: str, text: str, value: str) -> None:
    """The value is the program that signs in."""
    assert setting("automatic_login", {path: text}) == ("enabled", value)
    assert setting("automatic_login", {path: text.replace("\n", "\n#")}) == ("disabled", None)


EFI = "/sys/firmware/efi/fw_platform_size"
VARIABLE = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"


@pytest.mark.parametrize(
    ("files", "seen"),
    [
        ({EFI: "64", VARIABLE: b"\6\0\0\0\1"}, ("enabled", "efi")),
        ({EFI: "64", VARIABLE: b"\6\0\0\0\0"}, ("disabled", "efi")),
        ({EFI: "64", VARIABLE: b"\6\0"}, (None, "efi")),
        ({EFI: "64"}, (None, "efi")),
        ({"/sys/firmware/acpi/x": ""}, ("disabled", "bios")),
        ({}, (None, None)),
    ],
)
def test_secure_boot_is_the_firmwares_own_word(
    files: dict[str, str | bytes], seen: tuple[str | None, str | None]
) -> None:
    """A PC that started by a BIOS has none; a variable that can't be read is unknown."""
    assert setting("secure_boot", files) == seen


@pytest.mark.parametrize("program", ["systemd-timesyn", "chronyd", "ntpd"])
def test_a_running_program_keeps_the_clock(program: str) -> None:
    """The kernel cuts names to 15 letters."""
    assert setting("time_sync", {"/proc/1/comm": "systemd", "/proc/2/comm": f"{program}\n"})[0] == "enabled"
    assert setting("time_sync", {"/proc/1/comm": "systemd"})[0] == "disabled"
    assert setting("time_sync", {})[0] is None
