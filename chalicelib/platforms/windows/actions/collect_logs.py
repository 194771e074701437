"""Has a PC upload an archive of its logs (DiagnosticLog CSP, DiagnosticArchive).

The PC sends the archive itself, by HTTP PUT as Azure's blob storage takes it, to the address in the definition. The
documented kind of address is an Azure container with a shared access signature; an S3 link is signed for one object and
one set of headers, so Muster cannot hand out one of its own bucket. Whoever asks names the address.
"""

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlsplit
from uuid import NAMESPACE_OID, uuid5
from xml.etree import ElementTree

from pydantic import AfterValidator, Field, SecretStr

from chalicelib.core.errors import BadRequest
from chalicelib.core.house import House
from chalicelib.core.ports import Prepared
from chalicelib.model.device import Device
from chalicelib.platforms.parameters import Parameters
from chalicelib.platforms.windows import catalogue, jobs, untrusted
from chalicelib.platforms.windows.actions.action import DAY, Action, Values, Verdict, Watch, hresult, whole
from chalicelib.platforms.windows.jobs import Job

RESULTS = catalogue.ARCHIVE_RESULTS.uri
LARGEST_RESULT = 256 * 1024
LONGEST_URL = 2_048
COLLECTED = (
    ("Command", r"%windir%\system32\mdmdiagnosticstool.exe -out %ProgramData%\temp\MDMDiagnostics"),
    ("Command", r"%windir%\system32\dsregcmd.exe /status"),
    ("Command", r"%windir%\system32\ipconfig.exe /all"),
    ("FoldersFiles", r"%ProgramData%\temp\MDMDiagnostics\*.*"),
    ("Events", "Application"),
    ("Events", "Setup"),
    ("Events", "System"),
    ("Events", "Microsoft-Windows-DeviceManagement-Enterprise-Diagnostics-Provider/Admin"),
    ("OutputFileFormat", "Flattened"),
)


def _https(value: SecretStr) -> SecretStr:
    try:
        address = urlsplit(value.get_secret_value())
        right = address.scheme == "https" and bool(address.hostname) and not address.username and bool(address.query)
        right = right and len(value) <= LONGEST_URL and value.get_secret_value().isprintable()
    except ValueError:
        right = False
    if not right:
        raise ValueError("an https address with a signature is expected, as Azure makes it for a container")
    return value


class Params(Parameters):
    upload_url: Annotated[SecretStr, AfterValidator(_https)] = Field(
        description="Azure container with a shared access signature that allows to write; kept secret."
    )


def build(house: House, device: Device, params: Params, command_id: str) -> Prepared:
    request = str(uuid5(NAMESPACE_OID, command_id))
    definition = _definition(request, params.upload_url.get_secret_value())
    step = catalogue.ARCHIVE_DEFINITION.exec(definition)  # secret, as the catalogue says
    return jobs.prepared(command_id, Job((step,)), {"request": request})


def _definition(request: str, url: str) -> str:
    collection = ElementTree.Element("Collection")
    for name, text in (("ID", request), ("SasUrl", url), *COLLECTED):
        ElementTree.SubElement(collection, name).text = text
    return ElementTree.tostring(collection, encoding="unicode")


def judge(values: Values, asked: Mapping[str, Any]) -> Verdict:
    """The results are those of the last archive, which may be an older one."""
    try:
        told = untrusted.read(values.get(RESULTS, "").encode(), LARGEST_RESULT)
    except BadRequest:
        return Verdict("waiting")
    if told.text_of("ID").strip("{}").lower() != asked.get("request"):
        return Verdict("waiting")
    code = whole(told.attributes.get("HRESULT", ""))
    if code is None:
        return Verdict("waiting")
    if code != 0:
        return Verdict("failed", f"The PC did not upload its logs ({hresult(code)}).")
    return Verdict("done", "The PC uploaded its logs to the address that was given.")


ACTION = Action(
    name="collect-logs",
    permission="command.configure",
    request_type="DiagnosticArchive",
    title="Have the PC upload its logs to an Azure container of yours.",
    since="10.0.18362",
    build=build,
    params=Params,
    once=True,
    personal="The logs of a personal device tell what its owner does with it.",
    watch=Watch((RESULTS,), judge, DAY),
)
