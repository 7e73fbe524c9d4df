"""The agent's own settings."""

import json

import pytest

from agent import settings
from agent.settings import SETTINGS, hub, listen, probes
from collectors.sources.probe import Probe
from hub.settings import SETTINGS as OF_HUB


def test_one_file_may_serve_the_hub_too() -> None:
    """What the hub reads beside the agent's own names is known here, none missing, none left over."""
    mine = {setting.name for setting in SETTINGS}

    assert set(settings.OTHERS) == {setting.name for setting in OF_HUB} - mine


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("https://baove.school.example", "https://baove.school.example"),
        ("https://school.example/baove/", "https://school.example/baove"),
    ],
)
def test_a_hub_is_on_this_machine_or_speaks_https(raw: str, value: str) -> None:
    """Reports must not cross a network in the clear."""
    assert hub(raw) == value


@pytest.mark.parametrize(
    "raw",
    ["http://school.example", "http://127.evil.example.", "http://localhost.evil.example", "ftp://127.0.0.1",
     "127.0.0.1:8080", "https://", "https://a@school.example", "https://school.example?x=1", "https://[::1",
     "https://school.example:port", "https://school.example:0", "", 7, None],
)  # fmt: skip
def test_what_is_no_such_address_is_refused(raw: object) -> None:
    """In a sentence that says what is expected."""
    with pytest.raises(ValueError, match="expected"):
        hub(raw)


@pytest.mark.parametrize("raw", ["0.0.0.0:9977", "192.168.1.7:9977", "[::]:9977", ":9977"])
def test_metrics_stay_on_this_machine(raw: str) -> None:
    """Until the agent has joined a hub, and both sides have certificates."""
    with pytest.raises(ValueError, match="expected"):
        listen(raw)


def test_probes_come_from_a_list_or_from_json() -> None:
    """TOML has lists; a variable holds JSON."""
    raw = [{"purpose": "internet", "target": "https://example.edu.vn/"}]

    assert probes(raw) == probes(json.dumps(raw)) == (Probe("internet", "https://example.edu.vn/"),)


@pytest.mark.parametrize(
    "raw", ["[", "{}", "7", [7], [{"purpose": "x"}], [{"purpose": "", "target": "https://a.example/"}]]
)
def test_what_are_no_probes_is_refused(raw: object) -> None:
    """In a sentence that says what is expected."""
    with pytest.raises(ValueError, match="expected"):
        probes(raw)
