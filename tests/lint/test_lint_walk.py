"""Finding files: what is read, what is passed over, and what is told about the rest."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from jwtdoctor.errors import BadInput
from jwtdoctor.lint.walk import Limits, read_folders

Write = Callable[[Mapping[str, str]], Path]
APP = "<ConnectedApp><label>A</label></ConnectedApp>"


def _names(folder: Path) -> list[str]:
    return sorted(document.name for document in read_folders([str(folder)]).documents)


def _told(folder: Path, **limits: float) -> list[tuple[str, str]]:
    found = read_folders([str(folder)], limits=Limits(**limits))  # type: ignore[arg-type]
    return [(trouble.rule, Path(trouble.path).name) for trouble in found.troubles]


def test_source_and_mdapi_names_are_read_and_others_are_not(write: Write) -> None:
    folder = write({
        "force-app/main/default/connectedApps/One.connectedApp-meta.xml": APP,
        "src/connectedApps/Two.connectedApp": APP,
        "templates/Three.CONNECTEDAPP-META.XML": APP,
        "profiles/Custom%3A Sales.profile": "<Profile/>",
        "settings/Security.settings-meta.xml": "<SecuritySettings/>",
        "settings/Other.settings-meta.xml": "<OtherSettings/>",
        "package.xml": "<Package/>",
        ".sfdx/connectedApps/Hidden.connectedApp": APP,
        "node_modules/x/connectedApps/Dependency.connectedApp": APP,
    })  # fmt: skip

    assert _names(folder) == ["Custom: Sales", "One", "Security", "Three", "Two"]


def test_a_file_that_is_named_is_taken_by_its_root_element(write: Write) -> None:
    path = write({"exported.xml": APP}) / "exported.xml"

    assert [document.type.name for document in read_folders([str(path)]).documents] == ["ConnectedApp"]


def test_a_zip_that_is_named_is_to_be_unpacked(tmp_path: Path) -> None:
    (tmp_path / "retrieved.zip").write_bytes(b"PK\x03\x04...")

    assert "unpack it" in read_folders([str(tmp_path / "retrieved.zip")]).troubles[0].message


def test_files_of_other_trades_under_the_same_name_are_none_of_ours(write: Write) -> None:
    folder = write({"etc/bash.profile": "export A=1", "etc/Real.profile": "<Profile/>", "profiles/Bad.profile": "oh"})

    assert _names(folder) == ["Real"]
    assert _told(folder) == [("xml-broken", "Bad.profile")]


def test_the_same_file_is_read_once(write: Write) -> None:
    folder = write({"connectedApps/One.connectedApp": APP})

    assert len(read_folders([str(folder), str(folder / "connectedApps")]).documents) == 1


def test_links_never_lead_in_a_circle(write: Write) -> None:
    folder = write({"connectedApps/One.connectedApp": APP})
    (folder / "connectedApps" / "main").symlink_to(folder)
    (folder / "connectedApps" / "Loop.connectedApp").symlink_to("Loop.connectedApp")
    (folder / "connectedApps" / "Gone.connectedApp").symlink_to("nowhere")

    assert _names(folder) == ["One"]
    assert _told(folder) == [
        ("file-unreadable", "Gone.connectedApp"),
        ("file-unreadable", "Loop.connectedApp"),
        ("link-not-followed", "main"),
    ]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_is_not_waited_for(write: Write) -> None:
    folder = write({"connectedApps/One.connectedApp": APP})
    os.mkfifo(folder / "connectedApps" / "Pipe.connectedApp")
    (folder / "connectedApps" / "Zero.connectedApp").symlink_to("/dev/zero")

    assert _told(folder) == [("file-unreadable", "Pipe.connectedApp"), ("file-unreadable", "Zero.connectedApp")]


def test_sizes_and_numbers_are_bounded_and_it_is_told(write: Write) -> None:
    folder = write({f"connectedApps/App{n}.connectedApp": APP for n in range(3)})

    assert _told(folder, file_bytes=10) == [("file-not-read", f"App{n}.connectedApp") for n in range(3)]
    assert _told(folder, files=1) == [("not-all-read", "App1.connectedApp")]
    assert _told(folder, entries=0) == [("not-all-read", folder.name)]


def test_excluded_files_are_left_alone(write: Write) -> None:
    folder = write({"a/One.connectedApp": APP, "b/Two.connectedApp": APP})

    for pattern in ("*/a", "a", "a/One.*", "*One*"):
        assert [document.name for document in read_folders([str(folder)], [pattern]).documents] == ["Two"]


def test_a_path_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is not there"):
        read_folders([str(tmp_path / "nothing")])


def test_a_file_name_cannot_speak_to_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "bad\x1b[31m\u202ename.connectedApp").write_text("<x", encoding="utf-8")

    shown = read_folders([str(tmp_path)]).troubles[0].path

    assert shown.isprintable()
    assert shown.endswith("name.connectedApp")
