"""The rules that judge Linux judge Windows: whole PCs, made by hand, with the verdicts that they must come to."""

from pathlib import Path

import pytest

from agent.check import check

RECORDINGS = Path(__file__).parents[1] / "collectors" / "host" / "recordings"

HEALTHY = {
    "windows-activated": ("pass", "activated"),
    "no-activation-sign": ("pass", "none_found"),
    "windows-purchase-shown": ("pass", "firmware_key"),
    "office-activated": ("pass", "licensed"),
    "office-purchase-shown": ("unknown", "no_register"),
    "antivirus-enabled": ("pass", "enabled"),
    "antivirus-licensed": ("pass", "free"),
    "antivirus-signatures-fresh": ("pass", "fresh"),
    "firewall-enabled": ("pass", "enabled"),
    "no-open-malware": ("pass", "none_open"),
    "security-update-recent": ("pass", "recent"),
    "restart-not-pending": ("pass", "none_pending"),
    "smb1-disabled": ("pass", "disabled"),
    "remote-desktop-safe": ("pass", "disabled"),
    "guest-account-disabled": ("pass", "disabled"),
    "autoplay-disabled": ("pass", "disabled"),
    "no-exposed-ports": ("fail", "exposed"),
}
PIRATE = {
    "windows-activated": ("pass", "activated_until"),
    "no-activation-sign": ("fail", "suspicious"),
    "windows-purchase-shown": ("unknown", "no_register"),
    "office-activated": ("unknown", "not_told"),
    "antivirus-enabled": ("fail", "disabled"),
    "firewall-enabled": ("fail", "disabled"),
    "no-open-malware": ("fail", "active"),
    "security-update-recent": ("fail", "old"),
    "smb1-disabled": ("fail", "enabled"),
    "remote-desktop-safe": ("fail", "open"),
    "guest-account-disabled": ("fail", "enabled"),
    "autoplay-disabled": ("fail", "enabled"),
}
FROZEN = {
    "windows-activated": ("pass", "activated"),
    "no-activation-sign": ("pass", "none_found"),
    "antivirus-enabled": ("pass", "enabled"),
    "antivirus-licensed": ("pass", "valid"),
    "firewall-enabled": ("pass", "enabled"),
    "security-update-recent": ("fail", "old_frozen"),
    "restart-not-pending": ("fail", "pending_long"),
    "autoplay-disabled": ("unknown", "not_told"),
}
DENIED = dict.fromkeys(HEALTHY, ("unknown", "table_failed"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [("windows_healthy", HEALTHY), ("windows_pirate", PIRATE), ("windows_frozen", FROZEN), ("windows_denied", DENIED)],
)
def test_a_windows_pc_is_judged(name: str, expected: dict[str, tuple[str, str]]) -> None:
    """Activated is not licensed; what a frozen disk takes back is old; what may not be read never passes."""
    said = {one["check"]: (one["verdict"], one["reason"]) for one in check(recording=RECORDINGS / name)}
    assert {rule: said[rule] for rule in expected} == expected
