"""Vault and signers on KMS: the private keys and the wrapping key never leave it."""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from chalicelib.core.errors import Corrupt
from chalicelib.model.secret import Secret
from chalicelib.storage import envelope
from chalicelib.storage.aws.client import KMS, AwsRefused, Session

RSA, ECDSA = "RSASSA_PKCS1_V1_5_SHA_256", "ECDSA_SHA_256"
NOT_OURS = frozenset({"InvalidCiphertextException", "IncorrectKeyException"})


class KmsVault:
    """A fresh data key for each value; the context binds it in KMS and again in the ciphertext."""

    def __init__(self, session: Session, key: str) -> None:
        self._session, self._key = session, key

    def seal(self, plain: Secret[bytes], context: Mapping[str, str]) -> bytes:
        body = {"KeyId": self._key, "KeySpec": "AES_256", "EncryptionContext": dict(context)}
        answer = _call(self._session, "GenerateDataKey", "generate_data_key", body)
        wrapped = base64.b64decode(answer["CiphertextBlob"])
        return envelope.seal(base64.b64decode(answer["Plaintext"]), wrapped, plain, context)

    def open(self, sealed: bytes, context: Mapping[str, str]) -> Secret[bytes]:
        return envelope.open_(sealed, context, lambda wrapped: self._unwrap(wrapped, context))

    def _unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        body = {
            "KeyId": self._key,
            "CiphertextBlob": base64.b64encode(wrapped).decode(),
            "EncryptionContext": dict(context),
        }
        try:
            return base64.b64decode(_call(self._session, "Decrypt", "decrypt", body)["Plaintext"])
        except AwsRefused as refused:
            if refused.code not in NOT_OURS:
                raise
            raise Corrupt(envelope.REFUSAL) from refused


class KmsSigner:
    """`algorithm` is RSA or ECDSA, as the key is."""

    def __init__(self, session: Session, key: str, algorithm: str) -> None:
        self._session, self._key, self._algorithm = session, key, algorithm
        self._public = b""

    @property
    def public_key_der(self) -> bytes:
        if not self._public:
            answer = _call(self._session, "GetPublicKey", "get_public_key", {"KeyId": self._key})
            self._public = base64.b64decode(answer["PublicKey"])
        return self._public

    def sign(self, data: bytes) -> bytes:
        body = {
            "KeyId": self._key,
            "Message": base64.b64encode(hashlib.sha256(data).digest()).decode(),
            "MessageType": "DIGEST",
            "SigningAlgorithm": self._algorithm,
        }
        return base64.b64decode(_call(self._session, "Sign", "sign", body)["Signature"])


def _call(session: Session, operation: str, name: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    session.meter.record(f"kms.{name}")
    return session.call(KMS, operation, body)
