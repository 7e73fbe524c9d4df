"""Updates that were installed lately."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Annotated

from collectors.facts import Failed, collector, fact
from collectors.sources import debian, history, hotfixes
from collectors.sources.linux import Linux
from collectors.sources.windows import Windows

DAYS = 90
AT_MOST = 500


@fact(key="id", why="To see which updates a PC got, and when (target patched)")
class Update:
    """One update that was installed.

    On Linux, a package that came in a newer version within the last 90 days; on Windows, what "Installed Updates"
    lists of the system itself.
    """

    id: Annotated[str, "Its name: 'KB5034441' on Windows, package and version on Linux ('openssl 3.0.17-1~deb12u2')"]
    title: Annotated[str | None, "What it is called, or the version that it replaced"] = None
    installed_on: Annotated[date | None, "The day on which it was installed, UTC on Linux; null: not told"] = None
    security: Annotated[
        bool | None,
        "True: it is called a security update, or the security archive offers this very version; null: not told",
    ] = None


@collector(every="6h", within="30s")
def linux(host: Linux) -> Iterator[Update]:
    """Read the logs of apt or dnf, the newest 500 upgrades of the last 90 days.

    No log says which upgrade mended a hole. What the security archive's index lists is a security update; what it
    lists no more (a newer version took its place) may have been one, so that stays null and is never false.
    """
    done = history.upgrades(host)
    if done is None:
        raise Failed("neither apt nor dnf 4 keeps a log of updates here, and no other is known")
    since = host.now() - timedelta(days=DAYS)
    recent = sorted((one for one in done if one.at >= since), key=lambda one: one.at, reverse=True)
    offered = debian.security_versions(host) if recent else None
    seen: set[str] = set()
    for one in recent[:AT_MOST]:
        name = f"{one.package} {one.version}"
        if name in seen:  # the same package of two architectures, or a version that went and came again
            continue
        seen.add(name)
        is_security = one.version in debian.offers(offered, one.package, one.architecture)
        yield Update(
            id=name,
            title=f"replaced {one.before}" if one.before else None,
            installed_on=one.at.date(),
            security=True if is_security else None,
        )


@collector(every="6h", within="60s")
def windows(host: Windows) -> Iterator[Update]:
    """Read Win32_QuickFixEngineering, the newest 500.

    What it calls "Update" may mend holes too (a month's preview does), so that is null and never false.
    """
    installed = hotfixes.installed(host)
    newest = sorted(installed, key=lambda one: (one.installed_on or date.min, one.id), reverse=True)
    for one in newest[:AT_MOST]:
        yield Update(
            id=one.id, title=one.title, installed_on=one.installed_on, security=True if one.is_security else None
        )
