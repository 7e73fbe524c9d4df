"""The rpm database, asked by ``rpm`` itself: nothing of the standard library reads it."""

from dataclasses import dataclass

from collectors.facts import Failed
from collectors.sources.files import names
from collectors.sources.linux import Linux

FOLDERS = ("/usr/lib/sysimage/rpm", "/var/lib/rpm")
_DATABASES = {"rpmdb.sqlite", "Packages.db", "Packages"}
_FORMAT = r"%{NAME}\t%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\t%{ARCH}\t%{VENDOR}\t%{INSTALLTIME}\n"
QUERY = ("rpm", "-qa", "--queryformat", _FORMAT)
_COLUMNS = 5


@dataclass(frozen=True, slots=True)
class Package:
    """An installed package; ``installed_at`` in seconds since 1970."""

    name: str
    version: str
    architecture: str
    vendor: str | None
    installed_at: int


def is_here(host: Linux) -> bool:
    """Say whether rpm manages this system: Debian's ``rpm`` alone leaves an empty folder."""
    return any(_DATABASES.intersection(names(host, folder)) for folder in FOLDERS)


def installed(host: Linux) -> list[Package]:
    """Return the installed packages, without the keys that rpm keeps among them. Raises Failed."""
    done = host.run(*QUERY)
    if done is None:
        raise Failed("rpm's database is here but the program rpm is not: install rpm")
    lines = [one.split("\t") for one in done.output.splitlines()]
    if done.status != 0 or not lines or any(len(one) != _COLUMNS or not one[4].isdecimal() for one in lines):
        raise Failed(f"rpm -qa ended with status {done.status} and an answer that is no list of packages")
    return [
        Package(name, version, architecture, None if vendor == "(none)" else vendor, int(moment[:12]))
        for name, version, architecture, vendor, moment in lines
        if name != "gpg-pubkey"
    ]


def version_of(host: Linux, name: str) -> str | None:
    """Return an installed package's version; None where rpm has none of that name, or is not here."""
    done = host.run("rpm", "-q", "--queryformat", "%{VERSION}", name) if is_here(host) else None
    return done.output.strip() or None if done and done.status == 0 else None
