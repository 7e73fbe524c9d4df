"""The firewall: on only where the kernel turns away what nobody asked for."""

import json
from typing import Any

import pytest

from tests.collectors.host.machines import collect, machine, message, recorded, rows

NFT = "nft --json list ruleset"
IPV6 = {"/proc/net/if_inet6": "fe80000000000000021a2bfffe3c4d5e 02 40 20 80 enp1s0\n"}


def chain(
    policy: str = "accept", family: str = "inet", name: str = "input", hook: str | None = "input"
) -> dict[str, Any]:
    """Return a chain as nft prints it."""
    on_hook = {"type": "filter", "hook": hook, "prio": 0, "policy": policy} if hook else {}
    return {"chain": {"family": family, "table": "t", "name": name, "handle": 1, **on_hook}}


def rule(*expressions: dict[str, Any], family: str = "inet", name: str = "input") -> dict[str, Any]:
    """Return a rule as nft prints it."""
    return {"rule": {"family": family, "table": "t", "chain": name, "handle": 2, "expr": list(expressions)}}


IS_LOOPBACK = {"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "lo"}}
ACCEPT, DROP, REJECT, COUNTER = (
    {"accept": None},
    {"drop": None},
    {"reject": None},
    {"counter": {"packets": 0, "bytes": 0}},
)


def enabled(*things: dict[str, Any], files: dict[str, str] = IPV6) -> bool | None:
    """Return what the collector says of a kernel with these rules."""
    output = {"status": 0, "output": json.dumps({"nftables": [{"metainfo": {}}, *things]})}
    (row,) = rows("firewall", machine({"/usr/sbin/nft": "", **files}, programs={NFT: output}))
    said: bool | None = row["enabled"]
    return said


def test_no_rules_are_no_firewall() -> None:
    """An installed nft with nothing in the kernel is off."""
    assert enabled() is False


def test_an_input_chain_that_drops_is_a_firewall() -> None:
    """Its policy decides, or an unconditional last rule; what a rule with a condition lets in changes nothing."""
    assert enabled(chain("drop"), rule(IS_LOOPBACK, ACCEPT)) is True
    assert enabled(chain("accept"), rule(IS_LOOPBACK, ACCEPT), rule(COUNTER, REJECT)) is True
    assert enabled(chain("accept"), rule(IS_LOOPBACK, DROP)) is False
    assert enabled(chain("drop", hook="forward")) is False


def test_a_table_that_sleeps_turns_nothing_away() -> None:
    """'flags dormant' keeps its chains, and takes them off their hooks."""
    table: dict[str, Any] = {"table": {"family": "inet", "name": "t", "handle": 1}}
    asleep = {"table": {**table["table"], "flags": ["dormant"]}}
    assert enabled(table, chain("drop")) is True
    owned = {"table": {**table["table"], "flags": "owner"}}
    assert enabled(asleep, chain("drop")) is False
    assert enabled(owned, chain("drop")) is True


def test_flags_that_nft_prints_wrongly_are_unknown() -> None:
    """As nft 1.0.6 printed a dormant table that is called 't'."""
    things = [{"table": {"family": "inet", "name": "t", "handle": 1, "flags": "t"}}, chain("drop")]
    output = {"status": 0, "output": json.dumps({"nftables": things})}
    assert "dormant" in message("firewall", machine({"/usr/sbin/nft": ""}, programs={NFT: output}))


def test_a_rule_that_lets_everything_in_opens_it_again() -> None:
    """Policy drop behind 'accept all' is off, in the chain itself or in one that it jumps to."""
    jump = rule({"jump": {"target": "mine"}})
    assert enabled(chain("drop"), rule(COUNTER, ACCEPT)) is False
    assert enabled(chain("drop"), chain(name="mine", hook=None), jump, rule(ACCEPT, name="mine")) is False
    assert enabled(chain("accept"), chain(name="mine", hook=None), jump, rule(DROP, name="mine")) is True
    assert enabled(chain("drop"), chain(name="mine", hook=None), jump, rule(IS_LOOPBACK, ACCEPT, name="mine")) is True


def test_a_chain_that_jumps_to_itself_ends() -> None:
    """The kernel refuses such a loop; a garbled answer could still hold one."""
    assert enabled(chain("accept"), rule({"jump": {"target": "input"}})) is False


def test_ipv6_counts_where_the_pc_speaks_it() -> None:
    """A firewall for IPv4 alone leaves the PC open, unless no card has an IPv6 address."""
    only_ipv4 = chain("drop", family="ip")
    assert enabled(only_ipv4) is False
    assert enabled(only_ipv4, chain("drop", family="ip6")) is True
    assert enabled(only_ipv4, files={}) is True
    assert (
        enabled(only_ipv4, files={"/proc/net/if_inet6": "00000000000000000000000000000001 01 80 10 80       lo\n"})
        is True
    )


@pytest.mark.parametrize(
    ("name", "product"), [("healthy_debian", "ufw"), ("fedora_office", "firewalld"), ("ubuntu_lab", "iptables")]
)
def test_who_made_the_rules_is_told(name: str, product: str) -> None:
    """The rules that ufw, firewalld and iptables-save really make are known by their chains."""
    files, said = recorded(name)
    assert rows("firewall", machine(files, **said))[0]["product"] == product


SAVED = "*filter\n:INPUT {} [0:0]\n:FORWARD DROP [0:0]\n-A INPUT -i lo -j ACCEPT\n{}COMMIT\n"


@pytest.mark.parametrize(
    ("policy", "more", "is_on"),
    [
        ("DROP", "", True),
        ("ACCEPT", "", False),
        ("ACCEPT", "-A INPUT -j REJECT --reject-with icmp-port-unreachable\n", True),
        ("ACCEPT", '-A INPUT -m comment --comment "the rest" -j DROP\n', True),
        ("ACCEPT", "-A INPUT -p tcp -j DROP\n", False),
        ("DROP", "-A INPUT -j ACCEPT\n", False),
        ("DROP", "-A INPUT ! -i eth0 -j ACCEPT\n", True),
        ("ACCEPT", "-A INPUT -g NEXT\n-A NEXT -j DROP\n", True),
    ],
)
def test_the_old_iptables_is_read_where_its_tables_are_loaded(policy: str, more: str, is_on: bool) -> None:
    """Nft does not show them."""
    programs = {
        NFT: {"status": 0, "output": '{"nftables": []}'},
        "iptables-legacy-save": {"status": 0, "output": SAVED.format(policy, more)},
    }
    files = {"/usr/sbin/nft": "", "/proc/net/ip_tables_names": "filter\n"}
    assert rows("firewall", machine(files, programs=programs))[0]["enabled"] is is_on


def test_nothing_that_could_set_rules_is_off() -> None:
    """Without nft, iptables and firewalld nobody has set any rule; even an ordinary user knows that."""
    assert rows("firewall", machine(is_root=False)) == [{"profile": "default", "enabled": False, "product": None}]


def test_an_ordinary_user_learns_that_root_is_needed_and_what_is_set_up() -> None:
    """A file that says 'on' is no proof, and not being allowed to see is not 'off'."""
    files = {"/usr/sbin/nft": "", "/etc/ufw/ufw.conf": "ENABLED=yes\n"}
    said = message("firewall", machine(files, is_root=False))
    assert "run the agent as root" in said
    assert "ufw is set up" in said


@pytest.mark.parametrize(
    "output", ["", "Operation not permitted", "{}", "[]", '{"nftables": 3}', '{"nftables": [{"chain": 7}]}']
)
def test_an_answer_that_is_none_is_unknown(output: str) -> None:
    """The kernel's refusal in a container, or JSON of another shape, is a failure."""
    host = machine({"/usr/sbin/nft": ""}, programs={NFT: {"status": 1 if "{" not in output else 0, "output": output}})
    assert "gave no answer" in message("firewall", host)


def test_firewalld_without_a_tool_to_ask_is_unknown() -> None:
    """It speaks to the kernel by a library: what is there can't be seen without nft."""
    assert "install nftables" in message("firewall", machine({"/usr/sbin/firewalld": ""}))


def test_the_metric_follows_the_row() -> None:
    """1 where it is on."""
    files, said = recorded("healthy_debian")
    assert [(one[0], one[2], one[3]) for one in collect("firewall", machine(files, **said)).samples] == [
        ("baove_firewall_enabled", {"profile": "default"}, 1.0)
    ]
