"""Notes, checkpoints and keys against C2SP signed-note and tlog-checkpoint."""

import base64
import multiprocessing
import os
import stat
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import FrozenInstanceError
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from feeds import notes
from feeds.notes import Checkpoint, KeyFileError, NoteError, Signature, Signer, Verifier
from register.merkle import EMPTY_ROOT

ORIGIN = "register.example/log"
SIGNER = Signer(ORIGIN, bytes(range(32)))
SUCCESSOR = Signer(ORIGIN, bytes(range(1, 33)))
WITNESS = Signer("witness.example/w1", bytes(range(2, 34)))
TEXT = "a text\n\nof two paragraphs\n"
ROOT = sha256(b"root").digest()

# The example key and note in the documentation of golang.org/x/mod/sumdb/note.
GO_PRIVATE_KEY = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_VERIFIER_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_SIGNATURE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
)

# The example checkpoint in the text of C2SP tlog-checkpoint.
C2SP_CHECKPOINT = """example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
"""


def test_the_documented_note_of_the_go_package() -> None:
    signer = Signer.parse(GO_PRIVATE_KEY)
    assert (signer.private_key, signer.verifier_key) == (GO_PRIVATE_KEY, GO_VERIFIER_KEY)
    assert signer.sign(GO_TEXT) == f"{GO_TEXT}\n{GO_SIGNATURE}\n"
    opened = notes.open_note(signer.sign(GO_TEXT), [Verifier.parse(GO_VERIFIER_KEY)])
    assert (opened.text, [signature.line for signature in opened.verified]) == (GO_TEXT, [GO_SIGNATURE])


def test_the_key_id_is_of_name_type_and_key() -> None:
    public = Ed25519PrivateKey.from_private_bytes(bytes(range(32))).public_key().public_bytes_raw()
    assert SIGNER.key_id == sha256(ORIGIN.encode() + b"\n\x01" + public).digest()[:4]
    name, hexhash, encoded = SIGNER.verifier_key.split("+", 2)
    assert (name, hexhash, base64.b64decode(encoded)) == (ORIGIN, SIGNER.key_id.hex(), b"\x01" + public)


def test_a_note_is_opened_from_text_and_from_bytes() -> None:
    note = SIGNER.sign(TEXT)
    for form in (note, note.encode()):
        opened = notes.open_note(form, [SIGNER.verifier])
        assert opened.text == TEXT
        assert opened.unverified == ()


@pytest.mark.parametrize("text", ["\n", "\n\n\n", "a\n", "a\n\n", "\n— not a signature\n", "Ответ\n"])
def test_unusual_texts_are_read_back(text: str) -> None:
    assert notes.open_note(SIGNER.sign(text), [SIGNER.verifier]).text == text


@pytest.mark.parametrize("text", ["", "no newline", "tab\t\n", "return\r\n", "null\0\n", "\ud800\n"])
def test_texts_that_cannot_be_signed_are_refused(text: str) -> None:
    with pytest.raises(NoteError, match=r"^text: ") as error:
        SIGNER.sign(text)
    assert error.value.text["ru"].startswith("text: ")
    with pytest.raises(NoteError, match=r"^text: "):
        notes.sign_note(text, [SIGNER])


def test_a_note_with_one_bit_changed_is_never_opened() -> None:
    signed = Checkpoint(ORIGIN, 118, ROOT).sign(SIGNER).encode()
    for position in range(len(signed) * 8):
        changed = bytearray(signed)
        changed[position // 8] ^= 1 << position % 8
        with pytest.raises(NoteError):
            notes.open_note(bytes(changed), [SIGNER.verifier])


def test_while_the_key_is_changed_either_key_opens_the_note() -> None:
    note = notes.sign_note(TEXT, [SIGNER, SUCCESSOR])
    for known, other in ((SIGNER, SUCCESSOR), (SUCCESSOR, SIGNER)):
        opened = notes.open_note(note, [known.verifier])
        assert [signature.key_id for signature in opened.verified] == [known.key_id]
        assert [signature.key_id for signature in opened.unverified] == [other.key_id]
    both = notes.open_note(note, [SUCCESSOR.verifier, SIGNER.verifier])
    assert [signature.key_id for signature in both.verified] == [SIGNER.key_id, SUCCESSOR.key_id]


def test_a_note_of_unknown_keys_only_is_refused() -> None:
    with pytest.raises(NoteError, match="No known key") as error:
        notes.open_note(SIGNER.sign(TEXT), [SUCCESSOR.verifier])
    assert "известных ключей" in error.value.text["ru"]
    with pytest.raises(NoteError, match="No known key"):
        notes.open_note(SIGNER.sign(TEXT), [])


def test_a_wrong_signature_of_a_known_key_refuses_the_note_despite_a_good_one() -> None:
    forged = SIGNER.signature("another text\n")
    note = f"{TEXT}\n{SUCCESSOR.signature(TEXT).line}\n{forged.line}\n"
    assert notes.open_note(note, [SUCCESSOR.verifier]).unverified == (forged,)
    with pytest.raises(NoteError, match=f"key {ORIGIN}.{SIGNER.key_id.hex()} is not valid"):
        notes.open_note(note, [SIGNER.verifier, SUCCESSOR.verifier])


def test_signatures_of_any_type_are_kept_as_they_came() -> None:
    # A cosignature (type 4) is a time and 64 bytes; post-quantum ones are longer still.
    cosignature = base64.b64encode(b"\x01\x02\x03\x04" + bytes(8) + b"s" * 64).decode()
    long = base64.b64encode(b"\x05\x06\x07\x08" + b"q" * 4_627).decode()
    lines = (f"— witness.example/w1 {cosignature}", f"— свидетель.example {long}")
    note = SIGNER.sign(TEXT) + "".join(line + "\n" for line in lines)
    opened = notes.open_note(note, [SIGNER.verifier])
    assert tuple(signature.line for signature in opened.unverified) == lines
    assert opened.unverified[0] == Signature("witness.example/w1", b"\x01\x02\x03\x04", bytes(8) + b"s" * 64, lines[0])
    again = notes.sign_note(TEXT, [SUCCESSOR], kept=[*opened.verified, *opened.unverified])
    assert again == note + SUCCESSOR.signature(TEXT).line + "\n"


def test_signing_again_replaces_the_signature_of_the_same_key() -> None:
    opened = notes.open_note(notes.sign_note(TEXT, [SIGNER, WITNESS]), [SIGNER.verifier])
    kept = [*opened.verified, *opened.unverified]
    assert notes.sign_note(TEXT, [SIGNER], kept=kept) == notes.sign_note(TEXT, [WITNESS, SIGNER])


def test_a_note_that_nobody_signs_is_not_made() -> None:
    with pytest.raises(NoteError, match="at least one key"):
        notes.sign_note(TEXT, [])


def test_repeated_signatures_count_once() -> None:
    mine, other = SIGNER.signature(TEXT).line, WITNESS.signature(TEXT).line
    note = f"{TEXT}\n" + f"{mine}\n{other}\n" * 3
    opened = notes.open_note(note, [SIGNER.verifier, SIGNER.verifier])
    assert [len(opened.verified), len(opened.unverified)] == [1, 1]


def test_a_wrong_signature_refuses_the_note_even_after_a_good_one_of_the_same_key() -> None:
    note = SIGNER.sign(TEXT) + SIGNER.signature("another text\n").line + "\n"
    with pytest.raises(NoteError, match="is not valid"):
        notes.open_note(note, [SIGNER.verifier])


def test_a_note_of_a_hundred_signatures_is_read_and_of_more_refused() -> None:
    line = WITNESS.signature(TEXT).line + "\n"
    note = SIGNER.sign(TEXT) + line * (notes.MAX_SIGNATURES - 1)
    assert notes.open_note(note, [SIGNER.verifier]).text == TEXT
    with pytest.raises(NoteError, match="more than 100 signatures"):
        notes.open_note(note + line, [SIGNER.verifier])


def test_a_key_is_found_by_name_and_id_together() -> None:
    renamed = Signer("other.example/log", bytes(range(32)))
    with pytest.raises(NoteError, match="No known key"):
        notes.open_note(renamed.sign(TEXT), [SIGNER.verifier])


def test_two_keys_with_one_name_and_id_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    collision = Verifier(ORIGIN, SUCCESSOR.verifier.public_key)
    monkeypatch.setattr(collision, "key_id", SIGNER.key_id)
    with pytest.raises(NoteError, match="one name and one id"):
        notes.open_note(SIGNER.sign(TEXT), [SIGNER.verifier, collision])


SIGNED = SIGNER.signature(TEXT).line


@pytest.mark.parametrize(
    "note",
    [
        "",
        TEXT,
        f"{TEXT}\n",
        f"{TEXT}{SIGNED}\n",
        f"{TEXT}\n{SIGNED}",
        f"{TEXT}\n{SIGNED}\n\n",
        f"{TEXT}\n{SIGNED}\r\n",
        f"a\0\n\n{SIGNED}\n",
        TEXT.encode() + b"\xff\n\n" + SIGNED.encode() + b"\n",
        "\ud800\n\n" + SIGNED + "\n",
    ],
)
def test_malformed_notes_are_refused(note: str | bytes) -> None:
    with pytest.raises(NoteError, match=r"A note must be|is not valid UTF-8|A signature line"):
        notes.open_note(note, [SIGNER.verifier])


@pytest.mark.parametrize(
    "line",
    [
        "rubbish",
        SIGNED.replace("—", "-"),
        SIGNED.replace("— ", "—"),
        " " + SIGNED,
        SIGNED + " ",
        SIGNED + "=",
        f"— {ORIGIN}",
        f"— {ORIGIN} ",
        f"— {ORIGIN} AAAA",
        f"— {ORIGIN} AAAAAA==",
        f"— {ORIGIN} AAAAAAB=",
        f"— {ORIGIN}  AAAAAAA=",
        "—  AAAAAAA=",
        "— na+me AAAAAAA=",
        "— na\u00a0me AAAAAAA=",
    ],
)
def test_one_malformed_signature_line_refuses_the_note(line: str) -> None:
    notes.open_note(SIGNER.sign(TEXT) + f"— {ORIGIN} AAAAAAA=\n", [SIGNER.verifier])
    with pytest.raises(NoteError, match=r"A signature line must read|^name: "):
        notes.open_note(f"{SIGNER.sign(TEXT)}{line}\n", [SIGNER.verifier])


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\n", "a\u2003b", "a\0b", "\ud800"])
def test_names_that_cannot_name_a_key_are_refused(name: str) -> None:
    with pytest.raises(NoteError, match="name: "):
        Signer.generate(name)


def test_generated_keys_differ() -> None:
    assert Signer.generate(ORIGIN).verifier_key != Signer.generate(ORIGIN).verifier_key


KEY = SIGNER.verifier_key


def test_a_verifier_key_is_read_back() -> None:
    assert Verifier.parse(KEY + "\n").verifier_key == KEY


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("", "A key must read"),
        (ORIGIN, "A key must read"),
        (KEY.replace("+", " ", 1), "A key must read"),
        (KEY[:-4], "32 bytes"),
        (KEY[:-1], "A key must read"),
        (KEY.replace(SIGNER.key_id.hex(), "00000000"), "hash in the key"),
        (KEY.replace(SIGNER.key_id.hex(), SIGNER.key_id.hex().upper()), "A key must read"),
        ("x" + KEY, "hash in the key"),
        ("a b" + KEY, "name: "),
        (KEY.removeprefix(ORIGIN), "name: "),
        (f"{ORIGIN}+00000000+{base64.b64encode(bytes([4] * 33)).decode()}", "Keys of type 4"),
    ],
)
def test_malformed_verifier_keys_are_refused(key: str, message: str) -> None:
    with pytest.raises(NoteError, match=message):
        Verifier.parse(key)


def test_a_checkpoint_is_written_and_read_back() -> None:
    checkpoint = Checkpoint(ORIGIN, 118, ROOT)
    text = f"{ORIGIN}\n118\n{base64.b64encode(ROOT).decode()}\n"
    assert checkpoint.format() == text
    assert Checkpoint.parse(text) == checkpoint
    assert notes.open_checkpoint(checkpoint.sign(SIGNER), [SIGNER.verifier], ORIGIN) == checkpoint
    with pytest.raises(FrozenInstanceError):
        checkpoint.size = 119  # type: ignore[misc]


def test_the_checkpoint_in_the_specification() -> None:
    checkpoint = Checkpoint.parse(C2SP_CHECKPOINT)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20_852_163)
    assert checkpoint.format() == C2SP_CHECKPOINT


@pytest.mark.parametrize("size", [0, 1, 2**63 - 1])
def test_sizes_and_extensions_of_a_checkpoint(size: int) -> None:
    checkpoint = Checkpoint("a log with spaces + plus", size, EMPTY_ROOT, ("one", "— two"))
    assert Checkpoint.parse(checkpoint.format()) == checkpoint
    assert checkpoint.format().endswith("\none\n— two\n")


ENCODED = base64.b64encode(ROOT).decode()


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("", "text"),
        (f"{ORIGIN}\n118\n", "text"),
        (f"{ORIGIN}\n118\n{ENCODED}", "text"),
        (f"\n118\n{ENCODED}\n", "origin"),
        (f"a\rb\n118\n{ENCODED}\n", "origin"),
        (f"{ORIGIN}\n0118\n{ENCODED}\n", "size"),
        (f"{ORIGIN}\n00\n{ENCODED}\n", "size"),
        (f"{ORIGIN}\n+118\n{ENCODED}\n", "size"),
        (f"{ORIGIN}\n-1\n{ENCODED}\n", "size"),
        (f"{ORIGIN}\n 118\n{ENCODED}\n", "size"),
        (f"{ORIGIN}\n1_000\n{ENCODED}\n", "size"),
        (f"{ORIGIN}\n١\n{ENCODED}\n", "size"),
        (f"{ORIGIN}\n{2**63}\n{ENCODED}\n", "size"),
        (f"{ORIGIN}\n{'9' * 5_000}\n{ENCODED}\n", "size"),
        (f"{ORIGIN}\n\n{ENCODED}\n", "size"),
        (f"{ORIGIN}\n118\n\n", "root"),
        (f"{ORIGIN}\n118\n{ENCODED[:-4]}\n", "root"),
        (f"{ORIGIN}\n118\n{ENCODED[:-1]}\n", "root"),
        (f"{ORIGIN}\n118\n{ENCODED} \n", "root"),
        (f"{ORIGIN}\n118\n{ENCODED[:-2]}/=\n", "root"),
        (f"{ORIGIN}\n118\n{ENCODED}\n\n", "extensions"),
        (f"{ORIGIN}\n118\n{ENCODED}\n\nlate\n", "extensions"),
    ],
)
def test_malformed_checkpoints_are_refused_by_field(text: str, field: str) -> None:
    with pytest.raises(NoteError, match=f"field {field}: ") as error:
        Checkpoint.parse(text)
    assert f"поле {field}: " in error.value.text["ru"]


@pytest.mark.parametrize(
    ("checkpoint", "field"),
    [
        (("", 0, EMPTY_ROOT), "origin"),
        (("a\nb", 0, EMPTY_ROOT), "origin"),
        ((ORIGIN, -1, EMPTY_ROOT), "size"),
        ((ORIGIN, 0, b""), "root"),
        ((ORIGIN, 0, EMPTY_ROOT, ("",)), "extensions"),
        ((ORIGIN, 0, EMPTY_ROOT, ("a\nb",)), "extensions"),
    ],
)
def test_checkpoints_that_cannot_be_written_are_not_made(checkpoint: tuple[str, int, bytes], field: str) -> None:
    with pytest.raises(NoteError, match=f"field {field}: "):
        Checkpoint(*checkpoint)


def test_a_checkpoint_of_another_log_is_refused() -> None:
    note = Checkpoint("other.example/log", 1, ROOT).sign(SIGNER)
    with pytest.raises(NoteError, match=r"of the log other\.example/log, not of register\.example/log"):
        notes.open_checkpoint(note, [SIGNER.verifier], ORIGIN)


def test_a_checkpoint_that_only_a_witness_signed_is_refused() -> None:
    note = Checkpoint(ORIGIN, 1, ROOT).sign(SIGNER, WITNESS)
    assert notes.open_checkpoint(note, [WITNESS.verifier, SIGNER.verifier], ORIGIN).size == 1
    with pytest.raises(NoteError, match="not signed by a key of that name"):
        notes.open_checkpoint(note, [WITNESS.verifier], ORIGIN)


def test_the_key_file_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "key"
    made = notes.load_or_create_key(path, ORIGIN)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text() == made.private_key + "\n"
    assert notes.load_or_create_key(path, ORIGIN).private_key == made.private_key
    assert notes.load_key(path).verifier_key == made.verifier_key
    assert os.listdir(tmp_path) == ["key"]


def _first_start(path: Path) -> str:
    return notes.load_or_create_key(path, ORIGIN).private_key


def test_processes_that_start_at_once_get_one_key(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(3, mp_context=context) as processes, ThreadPoolExecutor(8) as threads:
        for number in range(20):
            path = tmp_path / str(number)
            tasks = [processes.submit(_first_start, path) for _ in range(3)]
            tasks += [threads.submit(_first_start, path) for _ in range(8)]
            assert len({task.result() for task in tasks}) == 1
    assert len(os.listdir(tmp_path)) == 20


def test_a_process_that_was_slower_takes_the_key_that_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "key"
    path.write_text(SIGNER.private_key)
    monkeypatch.setattr(os.path, "lexists", lambda _: False)
    assert notes.load_or_create_key(path, ORIGIN).private_key == SIGNER.private_key
    assert path.read_text() == SIGNER.private_key
    assert os.listdir(tmp_path) == ["key"]


SECRET = SIGNER.private_key.rsplit("+", 1)[1]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "must begin with"),
        (b"rubbish", "must begin with"),
        (SIGNER.verifier_key.encode(), "must begin with"),
        (SIGNER.private_key[:-4].encode(), "32 bytes"),
        (SIGNER.private_key.replace(SIGNER.key_id.hex(), "00000000").encode(), "hash in the key"),
        (SIGNER.private_key.encode() * 2, "A key must read"),
        (b"\xff\xfe", "cannot be read: UTF-8"),
    ],
)
def test_a_malformed_key_file_is_named_and_not_shown(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "signing.key"
    path.write_bytes(content)
    with pytest.raises(KeyFileError, match=message) as error:
        notes.load_or_create_key(path, ORIGIN)
    for text in (str(error.value), *error.value.text.values()):
        assert str(path) in text
        assert SECRET[:-8] not in text
    assert path.read_bytes() == content, "never overwritten"


def test_the_key_of_another_log_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(SIGNER.private_key)
    with pytest.raises(KeyFileError, match=r"belongs to the log register\.example/log") as error:
        notes.load_or_create_key(path, "other.example/log")
    assert str(path) in error.value.text["ru"]


def test_key_files_that_cannot_be_read_or_made_are_named(tmp_path: Path) -> None:
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    for path, message in (
        (tmp_path, "cannot be read"),
        (tmp_path / "dangling", "cannot be read: No such file"),
        (tmp_path / "missing" / "key", "cannot be created: No such file"),
    ):
        with pytest.raises(KeyFileError, match=message) as error:
            notes.load_or_create_key(path, ORIGIN)
        assert str(path) in str(error.value)
    with pytest.raises(KeyFileError, match="cannot be read: No such file"):
        notes.load_key(tmp_path / "absent")


def test_a_name_that_cannot_be_one_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(NoteError, match="name: "):
        notes.load_or_create_key(tmp_path / "key", "a b")
    assert os.listdir(tmp_path) == []


def test_the_secret_is_in_no_representation() -> None:
    assert SECRET not in repr(SIGNER) + str(SIGNER) + repr(vars(SIGNER))
