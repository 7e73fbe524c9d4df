"""Connectivity: each step once, and only what was tried has a row."""

from tests.collectors.host.machines import NOW, collect, machine, recorded, rows

GOOD = {"kind": "dns", "ok": True, "duration_seconds": 0.5}
BAD = {"kind": "tcp", "ok": False, "duration_seconds": 5.0, "error": "no answer within 5 s"}
PROBES = [{"purpose": "internet", "target": "https://example.edu.vn/", "results": [GOOD, BAD]}]


def test_no_targets_are_no_rows() -> None:
    """A configuration without probes is no failure."""
    assert rows("connectivity", machine()) == []


def test_a_step_after_a_failed_one_has_no_row() -> None:
    """It was not tried: neither good nor bad is known of it."""
    found = rows("connectivity", machine(probes=PROBES))
    assert [(row["kind"], row["ok"], row["error"]) for row in found] == [
        ("dns", True, None),
        ("tcp", False, "no answer within 5 s"),
    ]


def test_the_last_success_is_this_runs_own() -> None:
    """The hub keeps what was before."""
    assert [row["last_success_at"] for row in rows("connectivity", machine(probes=PROBES))] == [NOW, None]


def test_how_long_it_took_changes_neither_digest_nor_history() -> None:
    """Otherwise each report would carry the table anew."""
    slower = [{**PROBES[0], "results": [{**GOOD, "duration_seconds": 0.9}, BAD]}]
    assert (
        collect("connectivity", machine(probes=PROBES)).digest == collect("connectivity", machine(probes=slower)).digest
    )


def test_metrics_carry_target_and_kind() -> None:
    """Success as 1 or 0, and the seconds."""
    samples = {
        (name, labels["kind"]): value
        for name, _, labels, value in collect("connectivity", machine(probes=PROBES)).samples
    }
    assert samples == {
        ("baove_probe_success", "dns"): 1.0,
        ("baove_probe_success", "tcp"): 0.0,
        ("baove_probe_duration_seconds", "dns"): 0.5,
        ("baove_probe_duration_seconds", "tcp"): 5.0,
    }


def test_targets_keep_the_order_of_the_configuration() -> None:
    """Although they are probed at the same time."""
    files, said = recorded("healthy_debian")
    targets = [row["target"] for row in rows("connectivity", machine(files, **said))]
    assert list(dict.fromkeys(targets)) == [one["target"] for one in said["probes"]]
