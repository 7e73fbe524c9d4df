"""The updates of Windows itself, as Win32_QuickFixEngineering lists them."""

import re
from dataclasses import dataclass
from datetime import date

from collectors.sources import dates, wmi
from collectors.sources.windows import CIMV2, Windows

_NUMBER = re.compile(r"(KB|Q)\d{3,8}(?:v\d+)?", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Hotfix:
    """One update: 'KB5034441'. ``is_security``: its own package calls it a security update."""

    id: str
    title: str | None
    installed_on: date | None
    is_security: bool


def installed(host: Windows) -> list[Hotfix]:
    """Return the updates, each once. Raises as ``host.wmi`` does.

    What has no number is none: Windows XP lists a row "File 1" for each file of an update. The description comes from
    the update's own package, in English whatever the language of Windows ("Security Update", "Update", "Hotfix").
    """
    rows = host.wmi(CIMV2, "Win32_QuickFixEngineering", "HotFixID", "Description", "InstalledOn")
    days = dates.update_days(wmi.text(row, "InstalledOn") for row in rows)
    found: dict[str, Hotfix] = {}
    for row, day in zip(rows, days, strict=True):
        name = (wmi.text(row, "HotFixID") or "").upper()
        title = wmi.text(row, "Description")
        if _NUMBER.fullmatch(name) and (name not in found or found[name].installed_on is None):
            found[name] = Hotfix(name, title, day, "security" in (title or "").lower())
    return list(found.values())
