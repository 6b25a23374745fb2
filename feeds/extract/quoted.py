"""A Register of only the entries that an extract quotes: asked again, they must give the answer that it bears.

Pure: no database, no web.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec

from feeds.extract.proof_file import NAME, ProofFile, ProofFileError
from register.entries import ANNOUNCEMENTS
from register.facts import MeasureRecord, Version
from register.index import Register, UnknownPast


class _Entry(msgspec.Struct):
    seq: int
    type: str
    after: msgspec.Raw


_decode_entry: Final = msgspec.json.Decoder(_Entry).decode
_decode_measure: Final = msgspec.json.Decoder(MeasureRecord).decode


class Quoted(Register):
    """The measures of a proof file, each in the version that it quotes, at the one state that it names.

    Checks nothing of the log. Raises ``ProofFileError`` for an entry that makes no version of a measure, and for two
    versions of one measure.
    """

    def __init__(self, proof: ProofFile) -> None:
        super().__init__()
        self._state = proof.seq
        self._root = proof.root
        self.records: dict[str, dict[str, Any]] = {}
        """The public record of each measure quoted, by its id."""
        for quoted in sorted(proof.entries, key=lambda entry: entry.seq):
            if quoted.body is not None:
                self._quote(quoted.body.encode())

    @property
    def seq(self) -> int:
        """The state of the journal that the proof file names."""
        return self._state

    def known_at(self, moment: int | str | datetime | None) -> int:
        """That state. Raises ``UnknownPast`` for any other."""
        if moment is None or moment == self._state:
            return self._state
        raise UnknownPast(f"the extract is of entry {self._state}, not of {moment}")

    def checkpoint(self, seq: int | None = None) -> str:
        """The root that the proof file names. Raises ``UnknownPast`` for another state."""
        self.known_at(seq)
        return self._root

    def _quote(self, body: bytes) -> None:
        try:
            entry = _decode_entry(body)
            if entry.type.startswith("consultation.") or entry.type in ANNOUNCEMENTS:
                raise ValueError(entry.type)
            version = Version(_decode_measure(entry.after), entry.seq)
        except (msgspec.MsgspecError, ValueError) as error:
            raise ProofFileError(
                ru=f"{NAME}: приведена запись, не содержащая версии меры: {error}",
                en=f"{NAME}: an entry is quoted that makes no version of a measure: {error}",
            ) from None
        if version.id in self.records:
            raise ProofFileError(
                ru=f"{NAME}: мера {version.id} приведена в двух версиях",
                en=f"{NAME}: measure {version.id} is quoted in two versions",
            )
        self.records[version.id] = msgspec.json.decode(entry.after)
        self._codes.add(version)
