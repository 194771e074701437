"""A PC's requests: message, proof, session; refusals of strangers stay inside SyncML (MS-MDM §2.1, OMA-DM)."""

from chalicelib.core.house import House
from chalicelib.platforms.http import Request, Response
from chalicelib.platforms.windows import identity, replies, session, syncml_read, syncml_write
from chalicelib.platforms.windows.syncml import Header, Message

SYNCML_TYPE = "application/vnd.syncml.dm+xml"


def serve(house: House, request: Request) -> Response:
    header = syncml_read.read_header(request.body)
    try:
        peer = identity.prove(house, request, header)
    except identity.Unproven as refused:
        return _challenge(header, refused)
    message = syncml_read.read(request.body)
    reply = session.answer(house, peer, message, request.body)
    return Response(body=syncml_write.write(reply.message), content_type=SYNCML_TYPE, log=reply.log)


def _challenge(heard: Header, refused: identity.Unproven) -> Response:
    """Nothing is kept and nothing was done; the device tries again with what it is told to digest."""
    header = Header(heard.session, heard.message, heard.source, heard.target)
    told = Message(header, (replies.header(heard, refused.code, refused.challenge),))
    log: dict[str, str | int] = {"message": "challenge", "reason": str(refused)}
    return Response(body=syncml_write.write(told), content_type=SYNCML_TYPE, log=log)
