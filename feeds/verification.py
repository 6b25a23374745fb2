"""Whether a copy of the Register, or a server, is whole: every entry against the signed checkpoint, in one line.

Of three things it can be asked: the folder of a mirror, the folder of a static export, and a server's address. Nothing
is written anywhere. The signature is checked with the key given; without one, with the key that lies beside the
checkpoint, which says that the copy is whole but not whose it is: so the line names the key. Serves A4(4).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from feeds.mirror.backfill import held
from feeds.mirror.batch import NotUnderstood
from feeds.mirror.commands import past_held
from feeds.mirror.diagnosis import first_unsigned
from feeds.mirror.errors import MirrorUnreachable
from feeds.mirror.partial import stored
from feeds.mirror.received import Malformed, header_of
from feeds.mirror.source import Source
from feeds.mirror.store import STATE, Store
from feeds.notes import Checkpoint, Verifier, open_checkpoint
from feeds.tiles import FULL_WIDTH, bundles, entry_bundle, hash_tile, tiles
from register.merkle import LogError, Tree, leaf_hash

WHOLE, NOT_WHOLE, NOT_CHECKED = 0, 1, 2
NOTHING_BEFORE: Final[Mapping[str, str]] = {"ru": "", "en": ""}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found: ``text`` is one line in Russian and in English; ``checkpoint`` is there when its signature held.

    ``exit_status``: 0 whole, 1 not whole, 2 could not be checked.
    """

    text: dict[str, str]
    exit_status: int
    checkpoint: Checkpoint | None = None

    @property
    def whole(self) -> bool:
        """Whether every entry is there and is the one signed."""
        return self.exit_status == WHOLE

    def line(self, language: str = "en") -> str:
        """The finding in ``ru`` or ``en``."""
        return self.text[language]


class _NotWhole(LogError):
    """What is wrong, and where."""


def verify_directory(path: Path | str, key: str | None = None) -> Verdict:
    """Check the folder of a mirror or of a static export against its checkpoint, with ``key`` or the key kept in it."""
    folder = Path(path)
    try:
        if (folder / STATE).exists():
            return _verify_mirror(folder, key)
        if (export := _export_root(folder)) is not None:
            return _verify_export(folder, export, key)
    except (LogError, Malformed, NotUnderstood) as error:
        return _not_whole(str(folder), error)
    except OSError as error:
        return Verdict({"ru": f"не проверено: {folder}: {error}", "en": f"not checked: {folder}: {error}"}, NOT_CHECKED)
    return Verdict(
        {
            "ru": f"не проверено: {folder} – не каталог зеркала и не каталог статической выгрузки",
            "en": f"not checked: {folder} is neither the folder of a mirror nor that of a static export",
        },
        NOT_CHECKED,
    )


def verify_server(url: str, key: str | None = None, client: httpx.Client | None = None) -> Verdict:
    """Fetch every entry that the server's checkpoint covers and check them, with ``key`` or the key that it shows."""
    source = Source(url, client)
    try:
        return _verify_source(source, key)
    except MirrorUnreachable as error:
        return Verdict(
            {"ru": f"не проверено: {error.text['ru']}", "en": f"not checked: {error.text['en']}"}, NOT_CHECKED
        )
    except (LogError, Malformed) as error:
        return _not_whole(url, error)
    finally:
        source.close()


def verify_command(
    target: str, *, key: str | None = None, language: str = "en", client: httpx.Client | None = None
) -> int:
    """``register verify``: print one line that says whether ``target``, a folder or an address, is whole.

    Returns 0 when it is, 1 when it is not, 2 when it could not be checked.
    """
    verdict = _verdict(target, key, client)
    print(verdict.line(language))
    return verdict.exit_status


def _verdict(target: str, key: str | None, client: httpx.Client | None) -> Verdict:
    if target.startswith(("http://", "https://")):
        return verify_server(target, key, client)
    if not Path(target).is_dir():
        return Verdict(
            {
                "ru": f"не проверено: {target} – не каталог и не адрес http(s)://",
                "en": f"not checked: {target} is neither a folder nor an http(s):// address",
            },
            NOT_CHECKED,
        )
    return verify_directory(target, key)


def _verify_source(source: Source, key: str | None) -> Verdict:
    verifier = Verifier.parse(source.key() if key is None else key)
    checkpoint = open_checkpoint(source.checkpoint(), [verifier], verifier.name)
    headers: list[bytes] = []
    for bodies in source.entries(0, checkpoint.size):
        headers += [header_of(body, seq) for seq, body in enumerate(bodies, len(headers) + 1)]
    if Tree(map(leaf_hash, headers)).root() != checkpoint.root:
        seq = first_unsigned(source.bundle, 0, headers, checkpoint.size)
        raise _unsigned(checkpoint) if seq is None else _altered(seq)
    return _whole(checkpoint, verifier)


def _verify_mirror(folder: Path, key: str | None) -> Verdict:
    store = Store(folder)
    state = store.state()
    if state is None:
        raise FileNotFoundError(f"{folder / STATE}")
    verifier = Verifier.parse(state.key if key is None else key)
    checkpoint = open_checkpoint(state.checkpoint, [verifier], verifier.name)
    if state.snapshot:
        return _verify_begun(store, state.snapshot, checkpoint, verifier)
    tree = _tree((body for bodies in store.read(0) for body in bodies), checkpoint.size)
    if tree.root() != checkpoint.root:
        raise _unsigned(checkpoint)
    return _whole(checkpoint, verifier)


def _verify_begun(store: Store, snapshot: int, checkpoint: Checkpoint, verifier: Verifier) -> Verdict:
    """A mirror begun at a snapshot: every header, the entries that stood, those that followed, and the past so far."""
    store.begin_after(snapshot)
    register = stored(store, snapshot)
    leaves = [leaf_hash(header) for header in register.contents.headers]
    later = (body for bodies in store.read(snapshot) for body in bodies)
    for seq, body in zip(range(snapshot + 1, checkpoint.size + 1), later, strict=False):
        leaves.append(leaf_hash(header_of(body, seq)))
    if len(leaves) < checkpoint.size:
        raise _missing(len(leaves) + 1, checkpoint.size)
    if Tree(leaves[: checkpoint.size]).root() != checkpoint.root:
        raise _unsigned(checkpoint)
    # An entry of the past that does not agree is no fault of the state: it does not count, and is fetched anew.
    return _whole(checkpoint, verifier, past_held(snapshot, held(store.past, register.contents)))


def _tree(bodies: Iterable[bytes], size: int) -> Tree:
    leaves: list[bytes] = []
    for seq, body in zip(range(1, size + 1), bodies, strict=False):
        leaves.append(leaf_hash(header_of(body, seq)))
    if len(leaves) < size:
        raise _missing(len(leaves) + 1, size)
    return Tree(leaves)


def _export_root(folder: Path) -> Path | None:
    """Where the checkpoint of a static export lies: in the folder itself, or under ``log`` as a server has it."""
    return next((place for place in (folder, folder / "log") if (place / "checkpoint").is_file()), None)


def _verify_export(folder: Path, log: Path, key: str | None) -> Verdict:
    verifier = Verifier.parse((log / "key").read_text("utf-8").partition("\n")[0] if key is None else key)
    checkpoint = open_checkpoint((log / "checkpoint").read_bytes(), [verifier], verifier.name)
    headers = [header_of(body, seq) for seq, body in enumerate(_exported(folder, checkpoint.size), 1)]
    tree = Tree(map(leaf_hash, headers))
    if tree.root() != checkpoint.root:
        seq = first_unsigned(lambda path: (log / path).read_bytes(), 0, headers, checkpoint.size)
        raise _unsigned(checkpoint) if seq is None else _altered(seq)
    for path, wanted in _log_files(tree, headers):
        try:
            agrees = (log / path).read_bytes() == wanted
        except FileNotFoundError:
            raise _NotWhole(ru=f"нет файла {path}", en=f"{path} is missing") from None
        if not agrees:
            raise _NotWhole(ru=f"{path}: не соответствует записям", en=f"{path}: does not agree with the entries")
    return _whole(checkpoint, verifier)


def _exported(folder: Path, size: int) -> Iterator[bytes]:
    for seq in range(1, size + 1):
        try:
            yield (folder / "api/v1/changes" / str(seq)).read_bytes()
        except FileNotFoundError:
            raise _missing(seq, size) from None


def _log_files(tree: Tree, headers: Sequence[bytes]) -> Iterator[tuple[str, bytes]]:
    """Every tile and entry bundle that the log has, with what must be in it."""
    for tile in tiles(tree.size):
        yield tile.path, hash_tile(tree, int(tile.level), tile.index, tile.width)
    for bundle in bundles(tree.size):
        first = bundle.index * FULL_WIDTH
        yield bundle.path, entry_bundle(headers[first : first + bundle.width])


def _whole(checkpoint: Checkpoint, verifier: Verifier, past: Mapping[str, str] = NOTHING_BEFORE) -> Verdict:
    root = checkpoint.format().split("\n")[2]
    short, signed = f"{root[:4]}…{root[-3:]}", f"{checkpoint.origin} ({verifier.key_id.hex()})"
    return Verdict(
        {
            "ru": f"полностью: записей {checkpoint.size}, корень {short}, подписано журналом {signed}{past['ru']}",
            "en": f"whole: {checkpoint.size} entries, root {short}, signed by {signed}{past['en']}",
        },
        WHOLE,
        checkpoint,
    )


def _not_whole(where: str, error: LogError | Malformed | NotUnderstood) -> Verdict:
    text = error.text if isinstance(error, LogError) else {"ru": str(error), "en": str(error)}
    return Verdict({"ru": f"нарушено: {where}: {text['ru']}", "en": f"not whole: {where}: {text['en']}"}, NOT_WHOLE)


def _missing(seq: int, size: int) -> _NotWhole:
    return _NotWhole(
        ru=f"нет записи {seq}, а подписано записей {size}", en=f"entry {seq} is missing, {size} entries are signed"
    )


def _altered(seq: int) -> _NotWhole:
    return _NotWhole(ru=f"запись {seq} – не та, которая подписана", en=f"entry {seq} is not the one that was signed")


def _unsigned(checkpoint: Checkpoint) -> _NotWhole:
    return _NotWhole(
        ru=f"записи 1–{checkpoint.size} не дают подписанного корня",
        en=f"entries 1 to {checkpoint.size} do not give the signed root",
    )
