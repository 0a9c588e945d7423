"""Parsing: positions, encodings, hostile files. Nothing raises, nothing is expanded."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jwtdoctor.lint.tree import MAX_COMMENTS, MAX_DEPTH, MAX_ELEMENTS, MAX_TEXT, Broken, Element, Tree, parse

XML = '<?xml version="1.0" encoding="{}"?>\n<ConnectedApp>\n  <label>Größe</label>\n</ConnectedApp>'


def _tree(data: bytes, *wanted: str) -> Tree:
    tree = parse(data, wanted)
    assert isinstance(tree, Tree)
    return tree


def _broken(data: bytes) -> Broken:
    broken = parse(data)
    assert isinstance(broken, Broken)
    return broken


def _one(tree: Tree, path: str) -> Element:
    return next(tree.root.all(path))


def test_an_element_knows_its_line_and_column() -> None:
    tree = _tree(b"<a>\n  <b>\n    <c>x</c>\n  </b>\n</a>")

    assert (_one(tree, "b.c").line, _one(tree, "b.c").col, _one(tree, "b").end_line) == (3, 5, 4)


@pytest.mark.parametrize(
    "data",
    [
        XML.format("UTF-8").encode("utf-8"),
        XML.format("UTF-8").encode("utf-8-sig"),
        XML.format("UTF-16").encode("utf-16"),
        XML.format("UTF-16").encode("utf-16-le"),
        XML.format("UTF-16").encode("utf-16-be"),
        XML.format("UTF-16").encode("utf-8"),
        XML.format("UTF-16").encode("utf-8-sig"),
        XML.format("ISO-8859-1").encode("latin-1"),
        XML.format("windows-1252").encode("cp1252"),
        XML.format("UTF-8").encode("utf-8").replace(b"\n", b"\r\n"),
    ],
    ids=["utf-8", "bom", "utf-16", "le", "be", "declared only", "declared with bom", "latin-1", "cp1252", "crlf"],
)
def test_a_file_is_read_in_whatever_encoding_it_is_written(data: bytes) -> None:
    assert _one(_tree(data), "label").text == "Größe"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \n", "is empty"),
        (b"<a>", "no element found"),
        (b"<a><b></a>", "mismatched tag"),
        (b"<a>\n<<<<<<< HEAD\n</a>", "unfinished merge"),
        (b"<a>\xff</a>", "byte 4 is not UTF-8"),
        (XML.format("UTF-8").encode("utf-32"), "UTF-32"),
        (XML.format("klingon").encode(), "an encoding that is not known"),
        (b'<?xml version="1.0" encoding="shift_jis"?><a>\x81</a>', "is not the shift_jis text that it says it is"),
        (XML.format("hex").encode(), "an encoding that is not known"),
        (b"PK\x03\x04 a zip file", "is no XML"),
    ],
)
def test_what_is_no_xml_says_why(data: bytes, reason: str) -> None:
    assert reason in _broken(data).reason
    assert not _broken(data).is_refused


@pytest.mark.parametrize(
    "data",
    [
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
        b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><a/>',
        b'<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><a>&c;</a>',
    ],
)
def test_a_document_type_is_refused_before_anything_is_expanded(data: bytes) -> None:
    broken = _broken(data)

    assert broken.is_refused
    assert "document type" in broken.reason


def test_depth_is_bounded() -> None:
    assert "nested deeper" in _broken(b"<a>" * (MAX_DEPTH + 1) + b"</a>" * (MAX_DEPTH + 1)).reason
    assert _tree(b"<a>" * MAX_DEPTH + b"</a>" * MAX_DEPTH)


def test_the_number_of_elements_and_comments_is_bounded() -> None:
    assert "elements" in _broken(b"<a>" + b"<b/>" * (MAX_ELEMENTS + 1) + b"</a>").reason
    assert len(_tree(b"<a>" + b"<!-- jwtdoctor: x -->" * (MAX_COMMENTS + 1) + b"</a>").comments) == MAX_COMMENTS


def test_of_a_long_text_only_the_beginning_is_kept() -> None:
    tree = _tree(b"<a><b>" + b"x" * (MAX_TEXT + 9) + b"</b><c>y</c></a>")

    assert (len(_one(tree, "b").text), _one(tree, "c").text) == (MAX_TEXT, "y")


def test_only_what_is_wanted_becomes_a_node_and_the_rest_must_still_be_well_formed() -> None:
    data = b"<Profile>\n<a><loginHours/></a>\n<loginHours><mondayStart>1</mondayStart></loginHours>\n<b/></Profile>"

    tree = _tree(data, "loginHours")

    assert [child.name for child in tree.root.children] == ["loginHours"]
    assert _one(tree, "loginHours.mondayStart").text == "1"
    assert _tree(b"<Profile><a/></Profile>", "loginHours").root.children == []
    assert isinstance(parse(b"<Profile><a></Profile>", ("loginHours",)), Broken)
    assert isinstance(parse(b"<Profile><loginHours/><a></Profile>", ("loginHours",)), Broken)


def test_prefixes_do_not_matter_and_nil_is_told() -> None:
    tree = _tree(b'<m:a xmlns:m="x" xmlns:xsi="y"><m:b xsi:nil="true"/><c/></m:a>')

    assert (_one(tree, "b").is_nil, _one(tree, "c").is_nil) == (True, False)


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"<!-- jwtdoctor: x -->\n<a>\n<b/>\n</a>", (1, 4)),
        (b"<a>\n<!-- jwtdoctor: x -->\n<b>\n<c/></b>\n<d/></a>", (2, 4)),
        (b"<a>\n<b/><!-- jwtdoctor: x -->\n</a>", (1, 3)),
    ],
    ids=["before the root", "before an element", "before nothing"],
)
def test_a_comment_speaks_for_what_comes_behind_it(data: bytes, lines: tuple[int, int]) -> None:
    comment = _tree(data).comments[0]

    assert (comment.first_line, comment.last_line) == lines


@settings(max_examples=25, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_raise(data: bytes) -> None:
    assert isinstance(parse(data), Tree | Broken)
    assert isinstance(parse(b"<Profile>" + data, ("loginHours",)), Tree | Broken)
