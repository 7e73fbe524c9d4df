"""Signs of activators: suspicions with their evidence, of machines made by hand since no real one was recorded."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.host.activation_sign import HOOKS, PLATFORM, TASKS
from collectors.sources import activators, licensing
from tests.collectors.host.test_licence import OFFICE, licence
from tests.collectors.host.windows_pcs import Keys, collect, message, pc, rows, services

KMS = "Volume:GVLK"


def signs(*products: dict[str, Any], keys: Keys | None = None, **said: Any) -> list[tuple[str, str]]:
    """Return kind and detail of what is found on a PC with these licences and registry keys."""
    host = pc({**services(Spooler=2), **(keys or {})}, {"SoftwareLicensingProduct": list(products)}, **said)
    return [(row["kind"], row["detail"]) for row in rows("activation_sign", host)]


def activated_by(host: str, **said: Any) -> list[tuple[str, str]]:
    """Return what is found on a PC that a KMS server activates."""
    return signs(licence(ProductKeyChannel=KMS, KeyManagementServiceMachine=host), **said)


@pytest.mark.parametrize(
    "host", ["10.11.12.13", "kms.truong.edu.vn", "kms", "192.168.1.2", "kms.truong.edu.vn:1688", "fd00::1"]
)
def test_a_school_s_own_server_is_no_sign(host: str) -> None:
    """A KMS server of the local network, or with a name that nobody knows, is what volume licences need."""
    assert activated_by(host) == []


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.2", "127.0.0.1", "localhost", "0.0.0.0", "::1", "PM1-05", "pm1-05.truong.local",  # noqa: S104 - nothing is bound
        "kms8.msguides.com", "KMS.DIGIBOY.IR", "kms.03k.org:1688", "222.184.9.98",
        "54.223.212.31", "8.8.8.8",
        "172.16.0.2", "255.255.255.255", "169.254.1.1", "192.0.2.1", "100.100.100.100",
    ],
)  # fmt: skip
def test_a_server_that_is_none_or_everybody_s_is_a_sign(host: str) -> None:
    """Loopback, the PC's own name, known public servers, addresses of the Internet, and those that no server has."""
    control = r"HKLM\SYSTEM\CurrentControlSet"
    own = {
        rf"{control}\Control\ComputerName\ComputerName": {"ComputerName": "PM1-05"},
        rf"{control}\Services\Tcpip\Parameters": {"Hostname": "PM1-05", "Domain": "truong.local"},
    }
    ((kind, detail),) = activated_by(host, keys=own)
    assert kind == "kms_host"
    assert host in detail


def test_a_server_may_activate_itself() -> None:
    """Windows Server may be the school's own KMS server."""
    server = {"Win32_OperatingSystem": [{"ProductType": "3"}]}
    own = {r"HKLM\SYSTEM\CurrentControlSet\Control\ComputerName\ComputerName": {"ComputerName": "MAYCHU"}}
    product = licence(ProductKeyChannel=KMS, KeyManagementServiceMachine="maychu")
    assert rows("activation_sign", pc({**services(), **own}, {**server, "SoftwareLicensingProduct": [product]})) == []


def test_a_server_that_only_the_registry_knows() -> None:
    """An activator leaves its server in the registry, also where no product shows it."""
    found = signs(licence(), keys={PLATFORM: {"KeyManagementServiceName": "kms9.msguides.com"}})
    assert [kind for kind, _ in found] == ["kms_host"]


def test_a_period_that_no_server_gives() -> None:
    """KMS38 activates until 2038; a server gives 180 days, but for the edition of one government."""
    long = {"ProductKeyChannel": KMS, "GracePeriodRemaining": "6300000"}
    assert [kind for kind, _ in signs(licence(**long))] == ["kms_period"]
    assert signs(licence(**long, LicenseFamily="EnterpriseG")) == []
    assert signs(licence(ProductKeyChannel=KMS, GracePeriodRemaining="259200")) == []
    assert signs(licence(ProductKeyChannel="Subscription", GracePeriodRemaining="525600")) == []


def test_a_retail_office_under_a_volume_key() -> None:
    """Activators put the key of a volume licence into any installation; a volume installation needs one."""
    family = "Office16ProPlusVL_KMS_Client"
    office = licence(OFFICE, ID="b", LicenseFamily=family, ProductKeyChannel=KMS, KeyManagementServiceMachine="kms")
    place = licensing.CLICK_TO_RUN
    assert [kind for kind, _ in signs(office, keys={place: {"ProductReleaseIds": "O365ProPlusRetail"}})] == [
        "conversion"
    ]
    assert signs(office, keys={place: {"ProductReleaseIds": "ProPlus2019Volume"}}) == []
    visio = office | {"LicenseFamily": "Office16VisioProVL_KMS_Client"}
    assert signs(visio, keys={place: {"ProductReleaseIds": "O365ProPlusRetail"}}) == []


def test_known_services_tasks_files_and_hooks() -> None:
    """Each shows with its own evidence; what merely has a similar name does not."""
    keys = {
        **services(**{"Service KMSELDI": 2, "KMSService": 2}),
        TASKS: {},
        rf"{TASKS}\AutoPico Daily Restart": {},
        rf"{TASKS}\Adobe Acrobat Update Task": {},
        rf"{TASKS}\Microsoft\Windows\SoftwareProtectionPlatform": {},
        rf"{TASKS}\Microsoft\Windows\SoftwareProtectionPlatform\SvcRestartTask": {},
        rf"{TASKS}\Microsoft\Windows\SoftwareProtectionPlatform\SvcTrigger": {},
        rf"{HOOKS}\SppExtComObj.exe": {"Debugger": "rundll32.exe SECOH-QAD.dll,PatcherMain"},
        rf"{HOOKS}\notepad.exe": {"Debugger": "editor.exe"},
        PLATFORM: {"SkipRearm": 1},
    }
    found = signs(licence(), keys=keys, files={r"C:\Windows\System32\SppExtComObjHook.dll": "", r"C:\x\KMSpico": ""})
    assert sorted(kind for kind, _ in found) == ["file", "hook", "rearm", "service", "task", "task"]
    assert "KMSService" not in str(found)


def test_windows_own_word_that_it_is_not_genuine() -> None:
    """GenuineStatus 1 and 2 are its verdicts; 3 means that it was offline."""
    assert [kind for kind, _ in signs(licence(GenuineStatus="2"))] == ["not_genuine"]
    assert signs(licence(GenuineStatus="0"), licence(OFFICE, ID="b", GenuineStatus="3")) == []


def test_none_found_takes_somebody_who_looked() -> None:
    """Where nothing could be looked at, the table fails; where a right is lacking too."""
    assert "can be looked at" in message("activation_sign", pc(absent=list(licensing.CLASSES)))
    assert "CurrentControlSet" in message("activation_sign", pc(denied=[r"HKLM\SYSTEM\CurrentControlSet\Services"]))


def test_every_name_on_the_list_has_its_source() -> None:
    """What is reported to an officer as a suspicion must be found again by whoever doubts it."""
    lines = [one.split("\t") for one in activators.TABLE.read_text(encoding="utf-8").splitlines()]
    assert lines[0] == ["kind", "name", "tool", "source"]
    assert [one for one in lines[1:] if len(one) != 4 or not one[1] or not one[3]] == []
    assert {one[0] for one in lines[1:]} == {
        "kms_host",
        "kms_address",
        "service",
        "task",
        "file",
        "program",
        "title",
    }
    assert not [one for one in lines if r"\Users" in one[1]]


@given(host=st.text(max_size=40))
def test_any_name_of_a_server_ends_in_rows(host: str) -> None:
    """Whatever stands in the registry, it is a sign or none."""
    found = collect(
        "activation_sign", pc(wmi={"SoftwareLicensingProduct": [licence(KeyManagementServiceMachine=host)]})
    )
    assert found.rows is not None, found.message
