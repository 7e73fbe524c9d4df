r"""What collect.cmd writes down on a PC without the agent, and the script itself.

What Windows' collectors ask for stands here once more, and a test holds both equal: of WMI's classes only the
properties that are asked, so neither the signed-in user's name nor the owner's comes along; of the registry whole keys
where they hold nothing personal (TREES), else single values. Never a product key: no DigitalProductId, no key of the
Software Protection Platform, no password of the automatic logon. The last five characters that a licence needs come
from WMI, which gives no more than those.
"""

from collections.abc import Iterator
from pathlib import Path

TEMPLATE = Path(__file__).with_name("texts") / "collect.cmd"

_CIMV2, _WMI, _STORAGE, _NET = r"root\cimv2", r"root\wmi", r"root\Microsoft\Windows\Storage", r"root\StandardCimv2"
_DEFENDER = r"root\Microsoft\Windows\Defender"
_LICENSED = (
    "ApplicationID Description DiscoveredKeyManagementServiceMachineIpAddress "
    "DiscoveredKeyManagementServiceMachineName EvaluationEndDate GenuineStatus GracePeriodRemaining ID "
    "KeyManagementServiceMachine LicenseFamily LicenseIsAddon LicenseStatus Name PartialProductKey ProductKeyChannel"
)

CLASSES: dict[tuple[str, str], str] = {
    (_CIMV2, "Win32_BIOS"): "Manufacturer ReleaseDate SMBIOSBIOSVersion SerialNumber Version",
    (_CIMV2, "Win32_BaseBoard"): "Manufacturer Product SerialNumber",
    (_CIMV2, "Win32_Battery"): "Name",
    (_CIMV2, "Win32_CDROMDrive"): "DeviceID Drive MediaLoaded Name PNPDeviceID Size",
    (_CIMV2, "Win32_ComputerSystem"): "DNSHostName Manufacturer Model Name PCSystemType",
    (_CIMV2, "Win32_ComputerSystemProduct"): "IdentifyingNumber Name UUID Vendor Version",
    (_CIMV2, "Win32_DiskDrive"): "Index InterfaceType MediaType Model PNPDeviceID SerialNumber Size Status",
    (_CIMV2, "Win32_LogicalDisk"): "DeviceID DriveType FileSystem FreeSpace Size",
    (_CIMV2, "Win32_NetworkAdapter"): (
        "DeviceID GUID Index MACAddress Name NetConnectionID NetConnectionStatus PNPDeviceID ServiceName Speed"
    ),
    (_CIMV2, "Win32_NetworkAdapterConfiguration"): (
        "DHCPEnabled DHCPServer DefaultIPGateway IPAddress IPEnabled IPSubnet Index MACAddress"
    ),
    (_CIMV2, "Win32_OperatingSystem"): (
        "BuildNumber Caption InstallDate LastBootUpTime LocalDateTime OSArchitecture OperatingSystemSKU ProductType "
        "ServicePackMajorVersion Version"
    ),
    (_CIMV2, "Win32_PhysicalMemory"): (
        "BankLabel Capacity DeviceLocator FormFactor Manufacturer MemoryType PartNumber SMBIOSMemoryType SerialNumber "
        "Speed"
    ),
    (_CIMV2, "Win32_PnPEntity"): "ClassGuid CompatibleID DeviceID HardwareID Manufacturer Name Service",
    (_CIMV2, "Win32_Printer"): "Default DriverName Location Name Network PortName",
    (_CIMV2, "Win32_Processor"): (
        "AddressWidth DeviceID MaxClockSpeed Name NumberOfCores NumberOfLogicalProcessors SocketDesignation"
    ),
    (_CIMV2, "Win32_QuickFixEngineering"): "Description HotFixID InstalledOn",
    (_CIMV2, "Win32_Service"): "Name State",
    (_CIMV2, "Win32_SystemEnclosure"): "ChassisTypes SMBIOSAssetTag SerialNumber",
    (_CIMV2, "Win32_VideoController"): "AdapterRAM DriverVersion Name PNPDeviceID",
    (_CIMV2, "Win32_Volume"): "Capacity DeviceID DriveLetter DriveType FileSystem FreeSpace Name",
    (_CIMV2, "SoftwareLicensingProduct"): _LICENSED,
    (_CIMV2, "SoftwareLicensingService"): "OA3xOriginalProductKeyDescription",
    (_CIMV2, "OfficeSoftwareProtectionProduct"): _LICENSED,
    (r"root\cimv2\Security\MicrosoftTpm", "Win32_Tpm"): "IsEnabled_InitialValue SpecVersion",
    (r"root\cimv2\Security\MicrosoftVolumeEncryption", "Win32_EncryptableVolume"): (
        "ConversionStatus DeviceID DriveLetter ProtectionStatus"
    ),
    (_WMI, "BatteryCycleCount"): "CycleCount InstanceName",
    (_WMI, "BatteryFullChargedCapacity"): "FullChargedCapacity InstanceName",
    (_WMI, "BatteryStaticData"): "DesignedCapacity DeviceName InstanceName ManufactureName SerialNumber",
    (_WMI, "MSStorageDriver_FailurePredictData"): "InstanceName VendorSpecific",
    (_WMI, "MSStorageDriver_FailurePredictStatus"): "InstanceName PredictFailure",
    (_WMI, "WmiMonitorID"): "Active InstanceName ManufacturerName SerialNumberID UserFriendlyName YearOfManufacture",
    (_STORAGE, "MSFT_Disk"): "BusType Number",
    (_STORAGE, "MSFT_Partition"): "AccessPaths DiskNumber",
    (_STORAGE, "MSFT_PhysicalDisk"): (
        "AdapterSerialNumber BusType DeviceId FriendlyName HealthStatus MediaType Model OperationalStatus SerialNumber "
        "Size SpindleSpeed"
    ),
    (_STORAGE, "MSFT_StorageReliabilityCounter"): (
        "DeviceId PowerOnHours ReadErrorsUncorrected Wear WriteErrorsUncorrected"
    ),
    (
        _NET,
        "MSFT_NetAdapter",
    ): "HardwareInterface InterfaceGuid NdisPhysicalMedium PermanentAddress PnPDeviceID Virtual",
    (_NET, "MSFT_NetFirewallProfile"): "Enabled InstanceID Name",
    (r"root\standardcimv2\embedded", "UWF_Filter"): "CurrentEnabled",
    (r"root\SecurityCenter2", "AntiVirusProduct"): "displayName instanceGuid productState timestamp",
    (r"root\SecurityCenter2", "FirewallProduct"): "displayName instanceGuid productState timestamp",
    (_DEFENDER, "MSFT_MpComputerStatus"): (
        "AMProductVersion AMRunningMode AMServiceEnabled AntivirusEnabled AntivirusSignatureLastUpdated "
        "AntivirusSignatureVersion DefenderSignaturesOutOfDate FullScanEndTime IsTamperProtected QuickScanEndTime "
        "RealTimeProtectionEnabled"
    ),
    (_DEFENDER, "MSFT_MpThreat"): "SeverityID ThreatID ThreatName",
    (_DEFENDER, "MSFT_MpThreatDetection"): "InitialDetectionTime ThreatID ThreatStatusID",
    (r"root\Microsoft\Windows\SMB", "MSFT_SmbServerConfiguration"): "EnableSMB1Protocol",
}

ONLY_USB = "Win32_PnPEntity"
"""Of this class only what hangs on USB: the rest would tell of people's phones."""

LEFT_OUT = {
    "pathToSignedProductExe": "a folder, which may be a person's; the product's name says the same",
    "Win32_UserAccount": "names of accounts, and on a PC of a domain the question goes to the domain",
}
"""What collectors can read and collect.cmd does not write down, with the reason."""

_SOFTWARE, _CURRENT = r"HKLM\SOFTWARE", r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion"
_NT, _CONTROL = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion", r"HKLM\SYSTEM\CurrentControlSet\Control"
_SERVICES, _ENUM = r"HKLM\SYSTEM\CurrentControlSet\Services", r"HKLM\SYSTEM\CurrentControlSet\Enum"
_WOW64 = r"HKLM\SOFTWARE\WOW6432Node"
_PLATFORM = rf"{_NT}\SoftwareProtectionPlatform"
_POLICY = r"HKLM\SOFTWARE\Policies\Microsoft"

TREES = (
    r"HKLM\HARDWARE\DESCRIPTION\System",
    rf"{_CURRENT}\Uninstall",
    rf"{_WOW64}\Microsoft\Windows\CurrentVersion\Uninstall",
    rf"{_CURRENT}\WindowsUpdate\Auto Update",
    rf"{_POLICY}\WindowsFirewall",
    rf"{_POLICY}\Windows\WindowsUpdate",
    rf"{_CONTROL}\Class\{{4d36e968-e325-11ce-bfc1-08002be10318}}",
    rf"{_CONTROL}\Class\{{4d36e972-e325-11ce-bfc1-08002be10318}}",
    rf"{_CONTROL}\Network\{{4D36E972-E325-11CE-BFC1-08002BE10318}}",
    rf"{_CONTROL}\Print\Printers",
    rf"{_CONTROL}\ProductOptions",
    rf"{_CONTROL}\SecureBoot\State",
    rf"{_ENUM}\DISPLAY",
    rf"{_ENUM}\USB",
    rf"{_ENUM}\USBPRINT",
)
"""Keys that are exported with all below them."""

NAMES = (
    _SERVICES,
    rf"{_NT}\Schedule\TaskCache\Tree",
    rf"{_NT}\Schedule\TaskCache\Tree\Microsoft\Windows\SoftwareProtectionPlatform",
    rf"{_CURRENT}\Component Based Servicing",
)
"""Keys of which the names of their subkeys are written down, and nothing else."""

_HOOKED = rf"{_NT}\Image File Execution Options"
_ON_WOW64 = rf"{_WOW64}\Microsoft\Windows NT\CurrentVersion\Image File Execution Options"
_PROFILES = ("DomainProfile", "PrivateProfile", "PublicProfile", "StandardProfile")

VALUES: dict[str, str] = {
    _NT: (
        "CurrentBuild|CurrentBuildNumber|DisplayVersion|EditionID|InstallDate|InstallationType|ProductName|ReleaseId|UBR"
    ),
    rf"{_NT}\Winlogon": "AutoAdminLogon",
    **{
        rf"{above}\{name}": "Debugger|VerifierDlls"
        for above in (_HOOKED, _ON_WOW64)
        for name in ("SppExtComObj.exe", "osppsvc.exe", "sppsvc.exe")
    },
    _PLATFORM: "KeyManagementServiceName|SkipRearm",
    **{
        rf"{_PLATFORM}\{application}": "KeyManagementServiceName"
        for application in (
            "0ff1ce15-a989-479d-af46-f275c6370663",
            "55c92734-d682-4d71-983e-d6ec3f16059f",
            "59a52881-a989-479d-af46-f275c6370663",
        )
    },
    rf"{_SOFTWARE}\Microsoft\OfficeSoftwareProtectionPlatform": "KeyManagementServiceName",
    rf"{_SOFTWARE}\Microsoft\Office\ClickToRun\Configuration": "ProductReleaseIds",
    rf"{_WOW64}\Microsoft\Office\ClickToRun\Configuration": "ProductReleaseIds",
    rf"{_CURRENT}\Policies\Explorer": "NoDriveTypeAutoRun",
    rf"{_CURRENT}\Policies\System": "ConsentPromptBehaviorAdmin|EnableLUA|InactivityTimeoutSecs",
    rf"{_POLICY}\Windows NT\Terminal Services": "fDenyTSConnections|UserAuthentication",
    _CONTROL: "PEFirmwareType",
    rf"{_CONTROL}\ComputerName\ComputerName": "ComputerName",
    rf"{_CONTROL}\Session Manager": "PendingFileRenameOperations",
    rf"{_CONTROL}\Session Manager\Environment": "PROCESSOR_ARCHITECTURE",
    rf"{_CONTROL}\Terminal Server": "fDenyTSConnections",
    rf"{_CONTROL}\Terminal Server\WinStations\RDP-Tcp": "UserAuthentication",
    rf"{_SERVICES}\LanmanServer\Parameters": "SMB1",
    **{rf"{_SERVICES}\SharedAccess\Parameters\FirewallPolicy\{name}": "EnableFirewall" for name in _PROFILES},
    rf"{_SERVICES}\Tcpip\Parameters": "Domain|Hostname",
    **{rf"{_SERVICES}\{name}": "Start" for name in ("TermService", "W32Time", "mrxsmb10", "srv", "wscsvc", "wuauserv")},
    rf"{_SERVICES}\W32Time\Parameters": "Type|NtpServer",
    rf"{_SOFTWARE}\Faronics\Deep Freeze 6": "DF Status",
    rf"{_WOW64}\Faronics\Deep Freeze 6": "DF Status",
    rf"{_SOFTWARE}\ESET\ESET Security\CurrentVersion\Info": "ProductVersion|ScannerVersion",
}
"""Single values."""

_OF_OFFICE = "ConvertToEdition|OEM|ProductName|ProductNameNonQualified|TrialType"
_OF_KASPERSKY = "Ins_ProductVersion|LastSuccessfulUpdate|LicDaysTillExpiration|LicKeyType|ProductVersion"

DEEP: dict[str, str] = {
    **{
        rf"{view}\Microsoft\Office\{version}\Registration": _OF_OFFICE
        for version in ("11.0", "12.0", "14.0", "15.0", "16.0")
        for view in (_SOFTWARE, _WOW64)
    },
    **{rf"{view}\KasperskyLab\protected": _OF_KASPERSKY for view in (_SOFTWARE, _WOW64)},
}
"""Values of these names anywhere below a key."""

_OF_PROGRAMS = (
    "DisplayName|DisplayVersion|InstallDate|ParentDisplayName|ParentKeyName|Publisher|ReleaseType|SystemComponent|"
    "WindowsInstaller"
)

OF_PEOPLE: dict[str, str] = {
    r"\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall": _OF_PROGRAMS,
    r"\SOFTWARE\Microsoft\Windows\CurrentVersion\Explorer\AutoplayHandlers": "DisableAutoplay",
    r"\SOFTWARE\Policies\Microsoft\Windows\Control Panel\Desktop": (
        "ScreenSaveActive|ScreenSaveTimeOut|ScreenSaverIsSecure|SCRNSAVE.EXE"
    ),
    r"\Control Panel\Desktop": "ScreenSaveActive|ScreenSaveTimeOut|ScreenSaverIsSecure|SCRNSAVE.EXE",
    r"_Classes\Local Settings\Software\Microsoft\Windows\CurrentVersion\AppModel\Repository\Packages": (
        "PackageRootFolder"
    ),
}
"""Values of these names below these keys of each person's loaded hive, which is known by its SID, not by a name."""


def script() -> str:
    """Return collect.cmd."""
    text = TEMPLATE.read_text(encoding="ascii")
    for place, lines in (("@CLASSES@", _classes()), ("@KEYS@", _keys()), ("@PEOPLE@", _people())):
        text = text.replace(place, "\n".join(lines))
    return text


def _classes() -> Iterator[str]:
    for (namespace, name), properties in CLASSES.items():
        only = " USB" if name == ONLY_USB else ""
        wanted = ",".join(properties.split())
        yield f'call :wmi {namespace} {name} "{wanted}"{only}'


def _keys() -> Iterator[str]:
    yield from (f'call :tree "{key}"' for key in TREES)
    yield from (f'call :names "{key}"' for key in NAMES)
    for key, names in VALUES.items():
        for name in names.split("|"):
            *_, last = name.split(" ")
            yield f'call :values "{key}" "{name}"' + (f" {last}" if last != name else "")
    yield from (f'call :deep "{key}" "{name}"' for key, names in DEEP.items() for name in names.split("|"))


def _people() -> Iterator[str]:
    yield from (f'call :deep "%HIVE%{key}" "{name}"' for key, names in OF_PEOPLE.items() for name in names.split("|"))
