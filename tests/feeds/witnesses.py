"""Witnesses for tests: keys, and cosignatures made as the specification says, without the code under test."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from feeds.cosignatures import add_witness
from tests.feeds.helpers import Site


class WitnessSigner:
    """The private key of a witness."""

    def __init__(self, name: str, seed: bytes) -> None:
        self.name = name
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self._public = b"\x04" + self._key.public_key().public_bytes_raw()
        self._id = hashlib.sha256(name.encode() + b"\n" + self._public).digest()[:4]

    @property
    def verifier_key(self) -> str:
        return f"{self.name}+{self._id.hex()}+{base64.b64encode(self._public).decode()}"

    def line(self, text: str, at: datetime) -> str:
        """The signature line, with its newline, for the text of a checkpoint."""
        stamp = int(at.timestamp())
        signature = self._key.sign(f"cosignature/v1\ntime {stamp}\n{text}".encode())
        value = base64.b64encode(self._id + stamp.to_bytes(8, "big") + signature).decode()
        return f"— {self.name} {value}\n"


KG = WitnessSigner("witness.example/kg", bytes([7]) * 32)
BY = WitnessSigner("witness.example/by", bytes([8]) * 32)


async def cosigned(site: Site, *signers: WitnessSigner) -> bytes:
    """The checkpoint as it is served now, with the cosignatures of these witnesses."""
    note = (await site.get("/log/checkpoint")).text
    text = note.partition("\n\n")[0] + "\n"
    return (note + "".join(signer.line(text, site.clock.now) for signer in signers)).encode()


async def post(site: Site, note: bytes) -> httpx.Response:
    return await site.client.post("/log/cosignatures", content=note, headers={"Content-Type": "text/plain"})


async def witnessed(site: Site) -> None:
    """Name a witness and let it cosign what is there."""
    await add_witness(site.db, "Кыргызская Республика", KG.verifier_key, site.clock.now)
    response = await post(site, await cosigned(site, KG))
    assert response.status_code == 200, response.text
