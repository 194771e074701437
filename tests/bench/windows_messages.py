"""One message of each type as a simulated PC sent it, with what the store answered meanwhile."""

from tests.bench.messages import Messages
from tests.bench.pcs import Desk
from tests.bench.staging import Deployment

DISCOVERY, WSTEP = "/EnrollmentServer/Discovery.svc", "/windows/enrollment"


def recorded(site: Deployment) -> Messages:
    """Of PCs that are not the first ones: the organisation's keys are there."""
    Desk(site, tls=True, seed=1).enrolled()
    desk = Desk(site, tls=True, seed=2)
    first = desk.exchanges(desk.enroll)
    by_path = {each.event["rawPath"]: each for each in site.exchanges}  # the last of each: a POST
    messages = {
        "discovery": by_path[DISCOVERY],
        "enrollment (WSTEP, RSA 2048)": by_path[WSTEP],
        "first session, its first message": first[0],
        "first session, the PC arrives": first[1],
    }
    for name, tls in (("TLS", True), ("digest", False)):
        settled = Desk(site, tls=tls, seed=f"idle {name}").enrolled()
        (messages[f"idle session ({name})"],) = settled.exchanges(settled.poll)
    settled.wire.tls, settled.wire.certificate = True, settled.pc.certificate
    settled.ask("device-information")
    messages["command delivered"], messages["report with results"], *_ = settled.exchanges(settled.poll)
    return Messages(site.house, {f"Windows: {name}": each for name, each in messages.items()}, site.tables.latest)
