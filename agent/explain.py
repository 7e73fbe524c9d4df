"""What would be sent from this PC and why, from the fact classes themselves."""

import enum
import textwrap
from collections.abc import Callable, Mapping
from typing import Any

from collectors.facts import Field
from collectors.settings import Value
from rules.words import sentence

IDENTIFIERS = {
    "smbios_uuid": "The board's number in its firmware: tells this PC from all others",
    "system_serial": "The maker's serial of the PC: the same, and the key to the school's records",
    "board_serial": "The board's serial: finds the PC again after repairs",
    "disk_serials": "The built-in disks' serials: find the PC again where its board was changed",
    "macs": "The built-in network cards' permanent addresses: the same",
    "weak_id": "A random number, only where the hardware has none of the above",
}

ENVELOPE = {
    "format": "The report's version, so that a hub never misreads it",
    "agent": "The agent's version, so that old ones are found",
    "stream": "A random name of this run of the agent, so that a repeated report counts once",
    "sequence": "The report's number within the run, for the same reason",
    "sent_at": "When the report was made",
    "metrics_port": "Where Prometheus may ask this PC",
}

KEPT = {
    "cache": "The last facts of each table, to send them again where the hub asks",
    "spool": "Reports that the hub has not taken yet, at most 20 MB, the oldest dropped first",
    "state.json": "What the hub has acknowledged, its address, the last error, and the identifiers above",
    "weak_id": "The random number, only where the hardware has none",
    "lock": "Empty: it says that an agent runs",
}

NEVER = "No user names, no file names, no browsing, no screen; hours of use on lab PCs only."


def explain(settings: Mapping[str, Value]) -> dict[str, Any]:
    """Return what ``explain --json`` prints."""
    from collectors import host
    from collectors.facts import table_of

    collectors = host.collectors()
    return {
        "hub": settings["hub"].value,
        "never": NEVER,
        "tables": [
            {
                "table": table,
                "why": table_of(mine[0].fact).why,
                "every_seconds": {one.system: one.every_seconds for one in mine},
                "fields": [_field(one) for one in table_of(mine[0].fact).fields],
            }
            for table, mine in collectors.items()
        ],
        "identifiers": IDENTIFIERS,
        "envelope": ENVELOPE,
        "kept_on_this_pc": {str(settings["data"].value / name): why for name, why in KEPT.items()},
    }


def _field(field: Field) -> dict[str, Any]:
    kind = "text" if field.type is str or issubclass(field.type, enum.Enum) else field.type.__name__
    said: dict[str, Any] = {
        "name": field.name,
        "type": {"tuple": "list of text", "bool": "true or false", "int": "whole number", "float": "number"}.get(
            kind, kind
        ),
        "may_be_null": field.nullable,
        "about": field.about,
    }
    if issubclass(field.type, enum.Enum):
        said["words"] = [one.value for one in field.type]
    return said


def as_text(said: Mapping[str, Any], say: Callable[[str], str] = str, width: int = 100) -> str:
    """Return the same for people, in the language of ``say``."""
    lines = [
        say(sentence("This PC's facts go to {hub}, and to nobody else.", hub=said["hub"]))
        if said["hub"]
        else say("No hub is set: nothing is sent."),
        say(said["never"]),
    ]
    for table in said["tables"]:
        lines += ["", f"{table['table']}: {say(table['why'])}"]
        lines += _pairs({field["name"]: _about(field, say) for field in table["fields"]}, width)
    for title, name in (
        (say("Which PC it is"), "identifiers"),
        (say("With each report"), "envelope"),
        (say("Kept on this PC"), "kept_on_this_pc"),
    ):
        lines += ["", f"{title}:", *_pairs({one: say(about) for one, about in said[name].items()}, width)]
    return "\n".join(lines)


def _about(field: Mapping[str, Any], say: Callable[[str], str]) -> str:
    about = say(field["about"])
    return about + (f" ({', '.join(field['words'])})" if "words" in field else "")


def _pairs(pairs: Mapping[str, str], width: int) -> list[str]:
    longest = max(map(len, pairs))
    return [
        line
        for name, about in pairs.items()
        for line in textwrap.wrap(
            about, width, initial_indent=f"  {name:{longest}}  ", subsequent_indent=" " * (longest + 4)
        )
    ]
