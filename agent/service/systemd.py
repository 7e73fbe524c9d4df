"""The agent as a service of systemd, with no more rights than its collectors need."""

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from agent.process import TOP
from agent.service import ABOUT, DISPLAYED, NAME
from agent.supervise import Refusal
from rules.words import sentence

UNIT = Path("/etc/systemd/system") / f"{NAME}.service"

BOOTED = Path("/run/systemd/system")
"""Is there where systemd runs."""

CAPABILITIES = {
    "CAP_DAC_READ_SEARCH": "logs and states that an antivirus product keeps for its own account",
    "CAP_NET_ADMIN": "nft and iptables-save list the firewall's rules to nobody else",
    "CAP_SYS_ADMIN": "smartctl asks NVMe disks for their health",
    "CAP_SYS_RAWIO": "smartctl asks SATA disks for their health",
}
"""What is kept of root's rights, and what would be 'failed' or 'unknown' without it.

CAP_SYS_PTRACE is not here: it would tell which program of another account listens on a port, for the right to read the
memory of every program. Such a port is told without its program.
"""

_UNIT_TEXT = """\
# Written by 'baove agent service install'; 'baove agent service remove' deletes it. Changes belong into
# 'systemctl edit {name}', which both leave alone.
[Unit]
Description={displayed}
After=network.target
# Restarted for ever: a PC whose agent gave up would look like one that is switched off.
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart={command}
{environment}Restart=always
RestartSec=30
TimeoutStopSec=5
StateDirectory=baove/agent
StateDirectoryMode=0700
UMask=0077
Nice=10
IOSchedulingClass=idle
MemoryHigh=200M
TasksMax=100

# What is left of root's rights: agent/service/systemd.py says which collector needs each.
CapabilityBoundingSet={capabilities}
NoNewPrivileges=yes
# smartctl asks the disks; no other device is there, and none can be written.
DevicePolicy=closed
DeviceAllow=block-* r
DeviceAllow=char-nvme r
DeviceAllow=char-nvme-generic r
DeviceAllow=char-bsg r
DeviceAllow=char-sg r

ProtectSystem=strict
{writable}ProtectHome={home}
PrivateMounts=yes
PrivateTmp=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RemoveIPC=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources @keyring @memlock
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
"""


def unit(arguments: Sequence[str] = (), data: Path | None = None) -> str:
    """Return the unit's text. ``arguments`` are the daemon's options; ``data`` is its folder, if not the usual one."""
    command = [sys.executable, "-P", "-m", "agent", "run", *arguments]
    homes = any(str(path).startswith(("/home/", "/root/")) for path in (TOP, Path(sys.executable)))
    return _UNIT_TEXT.format(
        name=NAME,
        displayed=f"{DISPLAYED}: {ABOUT[0].lower()}{ABOUT[1:].partition('.')[0]}",
        command=" ".join(map(_quoted, command)),
        environment="" if _is_installed() else f"Environment={_quoted(f'PYTHONPATH={TOP}')}\n",
        writable=f"ReadWritePaths={_quoted(str(data))}\n" if data else "",
        capabilities=" ".join(CAPABILITIES),
        home="read-only" if homes else "yes",
    )


def _quoted(word: str) -> str:
    """Return a word as systemd reads it: % and $ stand for something else there."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return escaped if shlex.quote(word) == word else f'"{escaped}"'


def _is_installed() -> bool:
    """Return whether this Python finds the agent by itself."""
    asked = [sys.executable, "-I", "-c", "import agent"]
    return subprocess.run(asked, check=False, capture_output=True, cwd="/").returncode == 0  # noqa: S603 - ourselves


def others_may_change(path: Path) -> Path | None:
    """Return the folder or file on the way to a path that others than root may change; None where there is none."""
    for one in (path, *path.parents):
        found = one.stat()
        if found.st_uid != 0 or (found.st_mode & 0o022 and not found.st_mode & 0o1000):
            return one
    return None


def install(arguments: Sequence[str] = (), data: Path | None = None, path: Path = UNIT) -> str:
    """Write the unit, have it run now and at each start, and return one sentence. Raises Refusal."""
    _refuse_elsewhere()
    for one in (TOP, Path(sys.executable).resolve(), Path(sys.prefix)):
        if (changeable := others_may_change(one)) is not None:
            raise Refusal(
                sentence(
                    "the service would run as root what others than root may change in {folder}: install baove in a "
                    "folder of root's, such as /opt/baove",
                    folder=changeable,
                )
            )
    try:
        if data is not None:
            data.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text(unit(arguments, data), encoding="utf-8")
    except OSError as why:
        raise Refusal(sentence("{file} can't be written: {why}", file=path, why=why.strerror)) from why
    _systemctl("daemon-reload")
    _systemctl("enable", NAME)
    _systemctl("restart", NAME)
    return sentence("the service {name} runs now, and at each start of this PC", name=NAME)


def remove(path: Path = UNIT) -> str:
    """End the service and delete its unit; return one sentence. What the agent keeps stays. Raises Refusal."""
    _refuse_elsewhere()
    if not path.exists():
        return sentence("there was no service {name}", name=NAME)
    _systemctl("disable", "--now", NAME)
    try:
        path.unlink()
    except OSError as why:
        raise Refusal(sentence("{file} can't be deleted: {why}", file=path, why=why.strerror)) from why
    _systemctl("daemon-reload")
    return sentence("the service {name} was removed", name=NAME)


def _refuse_elsewhere() -> None:
    if os.geteuid() != 0:
        raise Refusal(sentence("only root can change services: repeat the command with sudo"))
    if not BOOTED.is_dir():
        raise Refusal(sentence("systemd does not run here: let what starts services here run 'baove agent run'"))


def _systemctl(*words: str) -> None:
    done = subprocess.run(["systemctl", *words], check=False, capture_output=True, text=True)  # noqa: S603, S607 - systemd's
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise Refusal(
            sentence("systemctl {words}: {why}", words=" ".join(words), why=said[-1] if said else done.returncode)
        )
