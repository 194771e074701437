"""A real connection that loses answers: the server carries the request out, the caller never hears of it."""

from chalicelib.storage.aws.transport import Answer, ConnectionLost, Pool


class Lossy:
    """Loses the answers of the next `lose` requests whose X-Amz-Target ends with `operation`."""

    def __init__(self) -> None:
        self._pool = Pool()
        self.lose, self.operation, self.sent = 0, "", list[str]()

    def arm(self, operation: str, count: int = 1) -> None:
        self.operation, self.lose = operation, count

    def send(self, origin: str, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        answer = self._pool.send(origin, method, target, headers, body)
        name = headers.get("x-amz-target", method)
        self.sent.append(name)
        if self.lose and name.endswith(self.operation):
            self.lose -= 1
            raise ConnectionLost("lost by the test")
        return answer
