from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest
from assertion_samples import NOW, SAMPLES, sample

from jwtdoctor.assertions.keys import load_private, load_public, matches
from jwtdoctor.assertions.pairs import Pair, new_pair, private_pem_of, write_pair
from jwtdoctor.errors import BadInput
from jwtdoctor.model.secret import Secret

PAIR = new_pair(now=NOW, days=30, common_name="my app")


def test_a_new_pair_belongs_together_and_is_valid_for_the_days_asked() -> None:
    key = load_private(PAIR.private_pem.reveal().encode(), where="k")
    certificate = load_public(PAIR.certificate_pem.encode(), where="c")

    assert matches(key, certificate)
    assert certificate.subject == certificate.issuer == "CN=my app"
    assert certificate.not_after == PAIR.not_after == NOW + 30 * 86_400
    assert certificate.not_before == NOW - 3_600
    assert certificate.certificate_bytes < 4_096


@pytest.mark.parametrize(
    ("kind", "bits", "shown"),
    [("EC", 256, "P-256"), ("EC", 384, "P-384"), ("EC", 521, "P-521"), ("Ed25519", 256, "")],
)
def test_a_pair_of_another_kind_belongs_together_too(kind: str, bits: int, shown: str) -> None:
    made = new_pair(kind=kind, bits=bits, now=NOW)
    key = load_private(made.private_pem.reveal().encode(), where="k")

    assert matches(key, load_public(made.certificate_pem.encode(), where="c"))
    assert (key.kind, key.curve, made.bits) == (kind, shown, key.bits)


def test_a_pair_shows_no_key() -> None:
    assert "BEGIN PRIVATE" not in repr(PAIR)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"bits": 1024}, "1024"),
        ({"kind": "EC"}, "no curve of 2048 bits"),
        ({"bits": 2049}, "2049"),
        ({"bits": 99_999}, "99999"),
        ({"days": 0}, "0 days"),
        ({"days": 99_999}, "99999 days"),
        ({"common_name": ""}, "common name"),
        ({"common_name": "a" * 65}, "common name"),
        ({"common_name": "a\nb"}, "common name"),
    ],
)
def test_what_no_server_would_take_is_refused(changes: dict[str, object], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        new_pair(**({"now": NOW} | changes))  # type: ignore[arg-type]


@pytest.mark.skipif(sys.platform == "win32", reason="modes mean nothing there")
def test_the_private_key_is_readable_by_its_owner_only_whatever_the_umask(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        key, certificate = write_pair(PAIR, tmp_path / "app")
    finally:
        os.umask(old)

    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(certificate.stat().st_mode) == 0o644
    assert sorted(path.name for path in tmp_path.iterdir()) == ["app.crt", "app.key"]


@pytest.mark.parametrize("taken", ["app.key", "app.crt"])
def test_nothing_is_ever_overwritten_and_no_half_is_left(tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).write_text("precious")

    with pytest.raises(BadInput, match="not overwritten"):
        write_pair(PAIR, tmp_path / "app")

    assert [path.name for path in tmp_path.iterdir()] == [taken]
    assert (tmp_path / taken).read_text() == "precious"


def test_a_link_that_points_nowhere_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "app.key").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(BadInput, match="not overwritten"):
        write_pair(PAIR, tmp_path / "app")

    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be written: No such file"):
        write_pair(PAIR, tmp_path / "missing" / "app")


def test_an_encrypted_pem_opens_with_its_passphrase() -> None:
    key = load_private(sample("matching.key"), where="k")
    word = Secret("word")

    again = load_private(private_pem_of(key, word).reveal().encode(), where="k", passphrase=word)

    assert matches(again, load_public(sample("matching.crt"), where="c"))


def test_the_sample_keys_are_marked_as_throwaway() -> None:
    readme = (SAMPLES / "README.md").read_text(encoding="utf-8")
    files = {path.name for path in SAMPLES.iterdir() if path.suffix not in (".md", ".py", "") and path.is_file()}

    assert "Never put one of these onto a real app" in readme
    assert all(f"`{name}`" in readme for name in files)
    assert all("THROWAWAY" in load_public(sample(n), where=n).subject for n in files if n.endswith(".crt"))


def test_a_pair_is_made_of_what_was_asked() -> None:
    assert isinstance(PAIR, Pair)
    assert PAIR.bits == 2048
