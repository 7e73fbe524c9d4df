"""The PC's own firewall: whether what nobody asked for is turned away."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from collectors.facts import Failed, Metric, collector, fact
from collectors.sources import asking, security_products, wmi
from collectors.sources.files import line
from collectors.sources.linux import Linux
from collectors.sources.processes import running
from collectors.sources.windows import NoSuchClass, Windows


@fact(
    key="profile",
    why="To know whether the PC turns away what nobody asked for (target host-firewall)",
    valid_operation_days=7,
    metrics=(
        Metric(
            "baove_firewall_enabled",
            "1 where the firewall is on, 0 where it is off",
            lambda row: None if row.enabled is None else float(row.enabled),
            {"profile": lambda row: row.profile},
        ),
    ),
)
class Firewall:
    """The firewall in one profile. Linux has one, 'default'; Windows has domain, private and public."""

    profile: Annotated[str, "The profile: 'default' on Linux; domain, private or public on Windows"]
    enabled: Annotated[
        bool | None, "True where incoming packets are dropped or rejected unless a rule lets them in"
    ] = None
    product: Annotated[
        str | None,
        "What sets the rules: ufw, firewalld, nftables, iptables, Windows Firewall, a product; null: nothing",
    ] = None


TOOLS = (
    "/usr/sbin/nft",
    "/sbin/nft",
    "/usr/sbin/iptables",
    "/sbin/iptables",
    "/usr/sbin/firewalld",
    "/usr/bin/firewalld",
)
UFW = "/etc/ufw/ufw.conf"
LEGACY_TABLES = ("/proc/net/ip_tables_names", "/proc/net/ip6_tables_names")


@collector(every="1h", within="20s")
def linux(host: Linux) -> Iterator[Firewall]:
    """Ask the kernel for its rules (``nft``, else ``iptables-save``): settings on disk prove nothing.

    On means that IPv4 and, unless it is switched off, IPv6 packets to this PC are dropped or rejected at the end of the
    input hook. A rule with a condition that lets nearly all in ("everything from eth0") is not seen through. Only root
    may ask; an ordinary user learns no more than that no tool is here that could set rules.
    """
    if not any(host.exists(path) for path in TOOLS):
        yield Firewall(profile="default", enabled=False)
        return
    if not host.is_root:
        raise Failed(f"the kernel shows its firewall to root only: run the agent as root ({_configured(host)})")
    new, old = _nftables(host), _legacy(host)
    if new is None and old is None:
        raise Failed("neither nft nor iptables-save is here to ask the kernel for its firewall: install nftables")
    closed, product = new or (set(), None)
    if old:
        closed, product = closed | old, product or "iptables"
    needed = {"ip", "ip6"} if _has_ipv6(host) else {"ip"}
    enabled = needed <= closed
    yield Firewall(profile="default", enabled=enabled, product=product or _product_on_disk(host))


def _configured(host: Linux) -> str:
    product = _product_on_disk(host)
    return f"{product} is set up to start" if product else "no firewall is set up to start"


def _product_on_disk(host: Linux) -> str | None:
    if re.search(r"^\s*ENABLED\s*=\s*[\"']?yes", line(host, UFW) or "", re.MULTILINE | re.IGNORECASE):
        return "ufw"
    return "firewalld" if "firewalld" in (running(host) or ()) else None


def _has_ipv6(host: Linux) -> bool:
    """Say whether any card has an IPv6 address beside loopback's; the kernel lists them in if_inet6."""
    return any(not one.endswith(" lo") for one in (line(host, "/proc/net/if_inet6") or "").splitlines())


@dataclass(slots=True)
class _Chain:
    """A chain: what happens at its end, and its rules as (has a condition, verdict, chain to go to)."""

    policy: str | None = None
    rules: list[tuple[bool, str, str | None]] = field(default_factory=list)


_NO_CONDITION = {"counter", "log", "comment"}
_DEPTH = 16
_DENIED = {"drop", "reject"}


def _end(chains: Mapping[str, _Chain], name: str, depth: int = 0) -> str | None:
    """Return what becomes of a packet that no condition picks: 'accept', 'drop', or None where the chain just ends."""
    chain = chains.get(name)
    if chain is None or depth > _DEPTH:
        return None
    for has_condition, verdict, to in chain.rules:
        if has_condition:
            continue
        if verdict in _DENIED:
            return "drop"
        if verdict in {"accept", "return"}:
            return "accept" if verdict == "accept" else chain.policy
        if verdict in {"jump", "goto"} and to is not None:
            decided = _end(chains, to, depth + 1)
            if decided or verdict == "goto":
                return decided or chain.policy
    return chain.policy


def _nftables(host: Linux) -> tuple[set[str], str | None] | None:
    """Return the families (ip, ip6) that some chain on the input hook closes, and who made it; None without nft.

    Accepted by one chain, a packet still meets the next; dropped by any, it is gone. So one that closes is enough.
    """
    done = host.run("nft", "--json", "list", "ruleset")
    if done is None:
        return None
    try:
        said: Any = json.loads(done.output) if done.status == 0 else None
        things: Any = said["nftables"] if isinstance(said, dict) else None
        if not isinstance(things, list):
            raise Failed("'nft --json list ruleset' gave no answer to read")
        return _closed(things)
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise Failed("'nft --json list ruleset' gave no answer to read") from error


def _closed(things: Sequence[Mapping[str, Any]]) -> tuple[set[str], str | None]:
    tables: dict[tuple[str, str], dict[str, _Chain]] = {}
    hooks: list[tuple[str, str, str]] = []
    flags: dict[tuple[str, str], set[str]] = {}
    for thing in things:
        if (one := thing.get("table")) is not None:
            said = one.get("flags") or []
            flags[one["family"], one["name"]] = {said} if isinstance(said, str) else set(said)
        elif (one := thing.get("chain")) is not None:
            tables.setdefault((one["family"], one["table"]), {})[one["name"]] = _Chain(one.get("policy"))
            if one.get("hook") == "input" and one["family"] in {"ip", "ip6", "inet"}:
                hooks.append((one["family"], one["table"], one["name"]))
        elif (one := thing.get("rule")) is not None:
            chains = tables.setdefault((one["family"], one["table"]), {})
            chains.setdefault(one["chain"], _Chain()).rules.append(_rule(one["expr"]))
    closed: set[str] = set()
    product = None
    for family, table, name in hooks:
        chains = tables[family, table]
        if _end(chains, name) == "drop" and not _sleeps(flags.get((family, table), set())):
            closed |= {"ip", "ip6"} if family == "inet" else {family}
            product = _maker(table, chains)
    return closed, product


def _sleeps(flags: set[str]) -> bool:
    """Say whether a table is dormant: its chains are kept, and asked about no packet. Raises Failed where unclear.

    nft 1.0.6 (Debian 12) prints the table's name in place of its flags.
    """
    if not flags <= {"dormant", "owner", "persist"}:
        raise Failed("this nft does not tell whether the table that drops packets is dormant: update nftables")
    return "dormant" in flags


def _rule(expressions: Sequence[Mapping[str, Any]]) -> tuple[bool, str, str | None]:
    verdict, to, has_condition = "", None, False
    for one in expressions:
        (word,) = one
        if word in {"accept", "drop", "reject", "return"}:
            verdict = word
        elif word in {"jump", "goto"}:
            verdict, to = word, one[word]["target"]
        elif word not in _NO_CONDITION:
            has_condition = True
    return has_condition, verdict, to


def _maker(table: str, chains: Mapping[str, _Chain]) -> str:
    if table == "firewalld":
        return "firewalld"
    if any(name.startswith(("ufw-", "ufw6-")) for name in chains):
        return "ufw"
    return "iptables" if table == "filter" and "INPUT" in chains else "nftables"


_SAVED_RULE = re.compile(r"-A (\S+) (?:-m comment --comment (?:\"[^\"]*\"|\S+) )?-([jg]) (\S+)(?: --reject-with \S+)?")


def _legacy(host: Linux) -> set[str] | None:
    """Return the families that iptables closes; None where it is not here.

    The old iptables has tables of its own in the kernel, which nft does not show. The new one sets the rules that nft
    shows, so asking it again tells nothing new, but it may be here without nft.
    """
    closed: set[str] | None = None
    for family, path, program in zip(("ip", "ip6"), LEGACY_TABLES, ("iptables", "ip6tables"), strict=True):
        done = host.run(f"{program}-legacy-save") if line(host, path) is not None else None
        done = done or host.run(f"{program}-save")
        if done is None:
            continue
        if done.status != 0:
            raise Failed(f"{program}-save ended with status {done.status}")
        closed = closed or set()
        if _end(_saved(done.output), "INPUT") == "drop":
            closed.add(family)
    return closed


def _saved(text: str) -> dict[str, _Chain]:
    """Read the table filter of iptables-save."""
    chains: dict[str, _Chain] = {}
    table = ""
    for one in text.splitlines():
        if one.startswith("*"):
            table = one[1:].strip()
        elif table == "filter" and one.startswith(":"):
            name, _, rest = one[1:].partition(" ")
            policy = rest.partition(" ")[0].lower()
            chains[name] = _Chain(policy if policy in {"accept", "drop"} else None)
        elif table == "filter" and one.startswith("-A "):
            chain = one.split(" ", 2)[1]
            found = _SAVED_RULE.fullmatch(one.strip())
            rule = (True, "", None) if found is None else _saved_rule(found[2], found[3])
            chains.setdefault(chain, _Chain()).rules.append(rule)
    return chains


def _saved_rule(how: str, to: str) -> tuple[bool, str, str | None]:
    if to in {"ACCEPT", "DROP", "REJECT", "RETURN"}:
        return False, to.lower(), None
    return False, "jump" if how == "j" else "goto", to


WINDOWS_FIREWALL = "Windows Firewall"
SERVICE = "MpsSvc"
LOCAL = rf"{asking.SERVICES}\SharedAccess\Parameters\FirewallPolicy"
POLICY = r"HKLM\SOFTWARE\Policies\Microsoft\WindowsFirewall"
# The registry calls the private profile the standard one; newer policies call it private.
PROFILES = {
    "domain": ("DomainProfile",),
    "private": ("PrivateProfile", "StandardProfile"),
    "public": ("PublicProfile",),
}
_ON = 1


@collector(every="1h", within="60s")
def windows(host: Windows) -> Iterator[Firewall]:
    """Read each profile: a group policy first, then MSFT_NetFirewallProfile, then the registry.

    Settings are void where the service MpsSvc does not run. Another product that Security Center says to be on guards
    every profile in place of Windows.
    """
    settings = _net_profiles(host)
    said = {
        name: _first(_registered(host, POLICY, name), settings.get(name), _registered(host, LOCAL, name))
        for name in PROFILES
    }
    if all(value is None for value in said.values()):
        raise Failed("neither MSFT_NetFirewallProfile nor the registry tells whether the firewall is on")
    stopped = asking.runs(host, SERVICE) is False or (
        asking.number(host, rf"{asking.SERVICES}\{SERVICE}", "Start") == asking.DISABLED
    )
    other = _other_firewall(host)
    for name, value in said.items():
        own = None if value is None else value and not stopped
        yield Firewall(profile=name, enabled=True if other else own, product=other or WINDOWS_FIREWALL)


def _first(*values: bool | None) -> bool | None:
    return next((one for one in values if one is not None), None)


def _net_profiles(host: Windows) -> dict[str, bool]:
    """Return what MSFT_NetFirewallProfile says of each profile; 2 is "not configured"."""
    rows = asking.rows(host, r"root\StandardCimv2", "MSFT_NetFirewallProfile", "Name", "InstanceID", "Enabled") or ()
    found = {}
    for row in rows:
        name = (wmi.text(row, "Name") or (wmi.text(row, "InstanceID") or "").rpartition("|")[2]).lower()
        enabled = wmi.number(row, "Enabled")
        if name in PROFILES and enabled in {0, _ON}:
            found[name] = enabled == _ON
    return found


def _registered(host: Windows, above: str, name: str) -> bool | None:
    values = (asking.number(host, rf"{above}\{one}", "EnableFirewall") for one in PROFILES[name])
    return next((one == _ON for one in values if one is not None), None)


def _other_firewall(host: Windows) -> str | None:
    """Return another product's firewall that Security Center says to be on; Windows' own is not among its entries."""
    try:
        entries = security_products.registered(host, "FirewallProduct")
    except (OSError, NoSuchClass, Failed):
        return None
    on = (one.name for one in entries if one.state is not None and one.state >> 12 & 0xF == _ON)
    return min(on, default=None)
