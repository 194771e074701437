"""What the server asks a PC by itself: who it is in the first session, and its inventory once a day.

Nodes and the builds that have them: Microsoft's DDF files. A PC that does not know a node answers 404, which tells
nothing. Of personal devices neither apps nor certificates nor network addresses are asked for.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from chalicelib.model.device import Device, Ownership
from chalicelib.platforms.reading import LONGEST_NAME, Reading
from chalicelib.platforms.windows import lists, readings, serials
from chalicelib.platforms.windows.readings import BITLOCKER, EXT, HEALTH, STATUS, Values

HELLO: tuple[str, ...] = (
    readings.SERIAL, readings.DEVICE_NAME, readings.DNS_NAME, readings.SYSTEM_VERSION, readings.MANUFACTURER,
    readings.MODEL, EXT + "OSPlatform",
)  # fmt: skip


def hello(answers: Values) -> dict[str, str]:
    """Always all keys, "" where the PC did not say: serial, name, manufacturer, model, model_name, os_version …"""
    keys = ("name", "model", "model_name", "os_version", "os_build")
    told = readings.identity(answers)
    return {
        **{key: told.get(key, "") for key in keys},
        "serial": serials.serial(answers.get(readings.SERIAL, "")),
        "manufacturer": readings.text(answers, readings.MANUFACTURER, LONGEST_NAME),
        "os_name": readings.text(answers, EXT + "OSPlatform", LONGEST_NAME),
    }


def _complete(answers: Values) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Section:
    """`ask`: nodes to Get, () where this device is not asked. `more`: those of a second stage, () where there is none.

    `read` takes the answers of the last stage only.
    """

    ask: Callable[[Device], tuple[str, ...]]
    read: Callable[[Values, Device], Reading]
    more: Callable[[Values], tuple[str, ...]] = _complete


def private(device: Device) -> bool:
    """Much of what is on it is none of the organisation's business."""
    return device.ownership is Ownership.PERSONAL


DEVICE = (
    readings.SERIAL, readings.DEVICE_NAME, readings.DNS_NAME, readings.SYSTEM_VERSION, readings.MANUFACTURER,
    readings.MODEL, "./DevInfo/Lang", "./DevInfo/DmV", "./DevDetail/FwV", "./DevDetail/HwV", "./DevDetail/LrgObj",
    EXT + "OSPlatform", EXT + "ProcessorArchitecture", EXT + "ProcessorType", EXT + "TotalRAM", EXT + "TotalStorage",
    EXT + "FreeStorage", EXT + "SMBIOSVersion", EXT + "SystemSKU", EXT + "Resolution",
)  # fmt: skip
NETWORK = ("./DevDetail/Ext/WLANMACAddress", STATUS + "DomainName")
SECURITY = (
    *(
        STATUS + name
        for name in (
            "SecureBootState", "Compliance/EncryptionCompliance", "TPM/SpecificationVersion", "TPM/ManufacturerIdTxt",
            "TPM/ManufacturerVersion", "OS/Edition", "OS/Mode", "Antivirus/SignatureStatus", "Antivirus/Status",
            "Antispyware/SignatureStatus", "Antispyware/Status", "Firewall/Status", "UAC/Status", "Battery/Status",
            "DeviceGuard/VirtualizationBasedSecurityStatus", "DeviceGuard/LsaCfgCredGuardStatus",
            "DeviceGuard/HypervisorEnforcedCodeIntegrityStatus", "DMA/BootDMAProtectionStatus",
        )
    ),
    BITLOCKER + "DeviceEncryptionStatus",
)  # fmt: skip
DEFENDER = tuple(
    HEALTH + name
    for name in (
        "ProductStatus", "ComputerState", "DefenderEnabled", "RtpEnabled", "NisEnabled", "TamperProtectionEnabled",
        "QuickScanOverdue", "FullScanOverdue", "SignatureOutOfDate", "RebootRequired", "FullScanRequired",
        "EngineVersion", "SignatureVersion", "DefenderVersion", "QuickScanTime", "FullScanTime", "IsVirtualMachine",
    )
)  # fmt: skip


def _device(device: Device) -> tuple[str, ...]:
    return DEVICE if private(device) else (*DEVICE, *NETWORK)


def _unless_private(nodes: tuple[str, ...], device: Device) -> tuple[str, ...]:
    return () if private(device) else nodes


SECTIONS: Mapping[str, Section] = {  # in the order of asking
    "device": Section(_device, partial(readings.device, nodes=(*DEVICE, *NETWORK))),
    "status": Section(lambda device: SECURITY, partial(readings.status, nodes=SECURITY)),
    "defender": Section(lambda device: DEFENDER, partial(readings.defender, nodes=DEFENDER)),
    "apps": Section(partial(_unless_private, (lists.MSI, *lists.PACKAGES)), lists.apps, lists.more_apps),
    "certificates": Section(partial(_unless_private, tuple(lists.STORES)), lists.certificates, lists.more_certificates),
}
