"""Antivirus: protected only where something watches, and unknown where the product gives no answer."""

import json
from typing import Any

import pytest

from collectors.host import antivirus
from collectors.run import run
from tests.collectors.host.machines import collect, machine, message, rows
from tests.shared import SHARED, needs_shared


def header(made: str = "23 Nov 2026 08-25 +0000", number: str = "27445") -> bytes:
    """Return the first 512 bytes of a signature database, and some more."""
    return f"ClamAV-VDB:{made}:{number}:2068213:90:md5:signature:builder:1".encode().ljust(512) + b"\x1f\x8b"


def clamav(*programs: str, **files: str | bytes) -> dict[str, Any]:
    """Return the row of a PC with ClamAV, on which these programs run."""
    running = {f"/proc/{number}/comm": f"{name}\n" for number, name in enumerate(("systemd", *programs), 1)}
    (row,) = rows("antivirus", machine({"/usr/bin/clamscan": "", **running, **files}))
    return row


@pytest.mark.parametrize(
    ("programs", "protection"),
    [
        (["clamd", "clamonacc"], "enabled"),
        (["clamd", "freshclam"], "passive"),
        (["freshclam"], "disabled"),
        ([], "disabled"),
    ],
)
def test_clamav_protects_only_while_it_watches(programs: list[str], protection: str) -> None:
    """The daemon alone waits to be asked: passive."""
    assert clamav(*programs)["protection"] == protection


def test_a_watcher_that_has_nobody_to_ask_is_unknown() -> None:
    """Clamonacc only asks clamd; when that died, files are opened unseen, unless another machine's answers."""
    assert clamav("clamonacc")["protection"] is None


def test_hidden_processes_make_protection_unknown() -> None:
    """Who may not see others' processes can't say that none protects."""
    assert rows("antivirus", machine({"/usr/bin/clamscan": ""}))[0]["protection"] is None


@pytest.mark.parametrize(
    ("data", "made"),
    [
        (header(), "2026-11-23T08:25:00Z"),
        (header("02 Mar 2026 05-30 +0700"), "2026-03-01T22:30:00Z"),
        (header("31 Feb 2026 05-30 +0700"), None),
        (header("02 Mrz 2026 05-30 +0700"), None),
        (header(number="x"), None),
        (b"ClamAV-VDB", None),
        (b"", None),
        (bytes(range(256)), None),
    ],
)
def test_the_age_of_signatures_is_in_the_header_of_their_file(data: bytes, made: str | None) -> None:
    """A header that can't be read is unknown."""
    assert clamav(**{"/var/lib/clamav/daily.cvd": data})["signatures_at"] == made


def test_the_newer_of_two_signature_files_counts() -> None:
    """``daily.cvd`` is the first download, ``daily.cld`` what updates made of it."""
    old, young = header("01 Jan 2026 08-25 +0000", "1"), header("01 Mar 2026 08-25 +0000", "9")
    row = clamav(**{"/var/lib/clamav/daily.cvd": old, "/var/lib/clamav/daily.cld": young})
    assert (row["signatures_at"], row["signatures_version"]) == ("2026-03-01T08:25:00Z", "9")


def test_no_antivirus_is_no_row() -> None:
    """Looked for and not found: a table without rows."""
    assert rows("antivirus", machine()) == []


@pytest.mark.parametrize("folder", sorted(antivirus.OTHERS))
def test_products_that_show_nothing_but_their_presence_are_unknown(folder: str) -> None:
    """Their protection is null, which is neither on nor off."""
    (row,) = rows("antivirus", machine({f"{folder}/bin/x": ""}))
    assert (row["name"], row["protection"]) == (antivirus.OTHERS[folder], None)


def defender(**said: Any) -> dict[str, Any]:
    """Return the row of a PC with Microsoft Defender that answers so."""
    answer = {"appVersion": "101.1", **said}
    programs = {"mdatp health --output json": {"status": 0, "output": json.dumps(answer)}}
    (row,) = rows("antivirus", machine({"/opt/microsoft/mdatp/x": ""}, programs=programs))
    return row


@pytest.mark.parametrize(
    ("said", "protection"),
    [
        ({"realTimeProtectionEnabled": {"value": True}}, "enabled"),
        ({"realTimeProtectionEnabled": True}, "enabled"),
        ({"realTimeProtectionEnabled": {"value": False}, "passiveModeEnabled": {"value": True}}, "passive"),
        ({"realTimeProtectionEnabled": {"value": False}}, "disabled"),
        ({"realTimeProtectionEnabled": {"value": "?"}}, None),
        ({}, None),
        ({"realTimeProtectionEnabled": {"value": True}, "licensed": False}, "expired"),
    ],
)
def test_defenders_own_word_is_taken_and_silence_is_unknown(said: dict[str, Any], protection: str | None) -> None:
    """A missing word never reads as on or off."""
    assert defender(**said)["protection"] == protection


@pytest.mark.parametrize(
    "output", ["1", "", "could not connect to the daemon", "[]", "{}", '{"appVersion": 3}', "null"]
)
def test_a_defender_that_gives_no_answer_is_unknown(output: str) -> None:
    """Plain text in place of JSON, or JSON that is no answer, fails the table: never 'off', never 'none'."""
    programs = {"mdatp health --output json": {"status": 1, "output": output}}
    host = machine({"/opt/microsoft/mdatp/x": ""}, programs=programs)
    assert "no answer to read" in message("antivirus", host)


def test_bitdefender_without_its_tools_answer_is_unknown() -> None:
    """An ordinary user gets none: the sentence says what helps."""
    assert "as root" in message("antivirus", machine({f"{antivirus.BITDEFENDER}/bin/x": ""}))


def test_metrics_say_only_what_is_known() -> None:
    """No series for a protection or signatures that are not known."""
    known = machine({"/usr/bin/clamscan": "", "/proc/1/comm": "x", "/var/lib/clamav/daily.cld": header()})
    assert {(name, value) for name, _, _, value in collect("antivirus", known).samples} == {
        ("baove_antivirus_protection_enabled", 0.0),
        ("baove_antivirus_signatures_timestamp_seconds", 1795422300.0),
    }
    assert collect("antivirus", machine({"/opt/kaspersky/kesl/x": ""})).samples == ()


RECORDED = {
    "antivirus/linux/bduitool-7.0.3.2239": (
        "/opt/bitdefender-security-tools/x",
        f"{antivirus.BITDEFENDER_TOOL} get ps",
    ),
    "antivirus/linux/defender-101.23062.0010": ("/opt/microsoft/mdatp/x", "mdatp health --output json"),
    "antivirus/linux/not-expected-output": ("/opt/microsoft/mdatp/x", "mdatp health --output json"),
}


@needs_shared
@pytest.mark.parametrize("name", sorted(RECORDED))
def test_answers_of_real_products_are_read_rightly(name: str) -> None:
    """Each answer of a real product gives what an independent reading of it says."""
    said = json.loads((SHARED / "windows/expected.json").read_text("utf-8"))
    (one,) = [one for one in said["recordings"] if one["id"] == name]
    folder, command = RECORDED[name]
    output = (SHARED / "windows" / one["files"][0]["path"]).read_text("utf-8")
    section = run(antivirus.linux, machine({folder: ""}, programs={command: {"status": 0, "output": output}}))
    assert (section.rows is None) == one["expected"]["error"]
    for row, wanted in zip(section.rows or [], one["expected"]["products"], strict=True):
        assert (row["name"], row["version"], row["up_to_date"]) == (
            wanted["name"],
            wanted["version"],
            wanted["up_to_date"],
        )
        assert (row["protection"] == "enabled") == wanted["enabled"]
        assert row["signatures_version"] == wanted["signature_version"]
        assert (row["signatures_at"] or "")[:10] == wanted["signature_date"]
        assert (row["licence_expires_at"] or "")[:10] == (wanted["licence_end"] or "")
