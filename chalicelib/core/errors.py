"""The one error tree. Each wire (problem+json, plist, SOAP, SyncML) translates it once.

MusterError
├── BadRequest            malformed or refused input: 400
│   ├── TooLarge          over a stated limit: 413
│   └── Unprocessable     well-formed, but a rule refuses it: 422
├── Unauthenticated       nobody, or nobody we know: 401 on the people plane, 403 on the device plane
├── Forbidden             known, but not allowed: 403
│   └── NotManaged        a device that proved who it is and is not (or no longer) managed: it should leave
├── NotFound              absent, or outside the caller's scope: 404
├── Conflict              the state does not allow it, or someone was faster: 409
│   ├── Stale             another writer changed the record first: read again and retry
│   └── AlreadyExists     the key is taken
├── Gone                  was there, has expired or is used up: 410
├── Corrupt               what we stored does not open any more: 500
└── Unavailable           a service that we need does not answer: 503
"""


class MusterError(Exception):
    """`str(error)` is one sentence for a person and says what to do; it never holds a secret."""

    status = 500
    title = "Internal error"

    @property
    def public(self) -> str:
        """What a caller may read: of what went wrong inside, only that it did."""
        inside = self.status >= 500 and self.status != 503
        return "Muster failed on this request; it was logged." if inside else str(self)


class BadRequest(MusterError):
    status = 400
    title = "Bad request"


class TooLarge(BadRequest):
    status = 413
    title = "Too large"


class Unprocessable(BadRequest):
    status = 422
    title = "Not allowed by a rule"


class Unauthenticated(MusterError):
    status = 401
    title = "Not signed in"


class Forbidden(MusterError):
    status = 403
    title = "Forbidden"


class NotManaged(Forbidden):
    """On some wires the answer makes the device unenroll itself: raise it for nothing else.

    `told` is for the device, where the reason says more than a stranger may know.
    """

    def __init__(self, reason: str, told: str = "") -> None:
        super().__init__(reason)
        self.told = told

    @property
    def public(self) -> str:
        return self.told or str(self)


class NotFound(MusterError):
    status = 404
    title = "Not found"


class Conflict(MusterError):
    status = 409
    title = "Conflict"


class Stale(Conflict):
    """The record's version moved on."""


class AlreadyExists(Conflict):
    """A record with this key exists."""


class Gone(MusterError):
    status = 410
    title = "Gone"


class Corrupt(MusterError):
    title = "Stored data is damaged"


class Unavailable(MusterError):
    status = 503
    title = "Unavailable"
