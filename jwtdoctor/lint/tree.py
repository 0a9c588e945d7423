"""XML of hostile origin as a tree with positions: one pass, no entities, every size bounded.

Expat is asked directly, because the standard trees drop line numbers. A document type declaration is refused, and
with it every entity that a file could define. Of large types (profiles, permission sets) only the elements that are
wanted become nodes; what lies below others is passed over at the speed of the parser.

That a file is no XML is a fact about the patient: `Broken` is a value.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pyexpat import ExpatError, ParserCreate, XMLParserType, errors
from typing import Any

MAX_DEPTH = 40
"""Metadata of apps is five deep."""
MAX_ELEMENTS = 20_000
"""Nodes of one file; an app has a hundred."""
MAX_COMMENTS, MAX_COMMENT = 200, 1_000
"""Comments of a file that are heeded, and the characters of one."""
MAX_TEXT = 200_000
"""Characters of one element that are kept; a certificate has 2,000, the binary of a mobile app millions."""


class Element:
    """A node, written while it is parsed and only read afterwards. Lines and columns count from 1."""

    __slots__ = ("children", "col", "end_line", "is_nil", "line", "name", "text")

    def __init__(self, name: str, line: int, col: int, is_nil: bool = False) -> None:
        self.name = name
        self.line = line
        self.col = col
        self.end_line = line
        self.is_nil = is_nil
        self.children: list[Element] = []
        self.text = ""

    def all(self, path: str) -> Iterator[Element]:
        """Every element under this one at `a.b.c`."""
        name, _, rest = path.partition(".")
        for child in self.children:
            if child.name == name:
                if rest:
                    yield from child.all(rest)
                else:
                    yield child


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment, and the lines of the element that it speaks for (the one after it, else the one around it)."""

    text: str
    line: int
    first_line: int
    last_line: int


@dataclass(frozen=True, slots=True)
class Tree:
    """A well-formed file. `note` tells what is odd about how it is written down."""

    root: Element
    comments: tuple[Comment, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Broken:
    """A file that is no XML that anybody could deploy. `is_refused`: well-formed perhaps, but not taken here."""

    reason: str
    line: int = 1
    col: int = 1
    is_refused: bool = False


class _Refused(Exception):  # a signal out of the parser
    def __init__(self, reason: str) -> None:
        self.reason = reason


def parse(data: bytes, wanted: Collection[str] = ()) -> Tree | Broken:
    """The tree of a file. `wanted`: the children of the root that matter; empty: all of them."""
    if not data.strip(b"\0\t\r\n \xef\xbb\xbf\xff\xfe"):
        return Broken("is empty")
    if data.startswith(b"version https://git-lfs"):
        return Broken("is a Git LFS pointer, not the file itself", is_refused=True)
    prepared = _prepared(data)
    if isinstance(prepared, Broken):
        return prepared
    data, encoding, note = prepared
    builder = _Builder(ParserCreate(encoding), wanted, _holds(data, wanted))
    try:
        builder.parser.Parse(data, True)
    except ExpatError as problem:
        return Broken(_reason(problem, data, encoding), problem.lineno, problem.offset + 1)
    except _Refused as refused:
        return Broken(refused.reason, builder.line, builder.col, is_refused=True)
    except (ValueError, LookupError):  # what pyexpat says of an encoding that it cannot map byte by byte
        return Broken("declares an encoding that cannot be read")
    return Tree(builder.root, tuple(_placed(builder)), note)


# --- encodings ------------------------------------------------------------------------------------

_DECLARED = re.compile(rb"\A[^<]{0,8}<\?xml[^>]{0,200}?encoding\s{0,9}=\s{0,9}[\"']([A-Za-z0-9._-]{1,40})")
_OF_EXPAT = frozenset({"utf-8", "utf8", "us-ascii", "iso-8859-1"})


def _prepared(data: bytes) -> tuple[bytes, str | None, str] | Broken:
    """The bytes for expat, the encoding that overrides the declared one, and what is odd."""
    if data[:4] in (b"\xff\xfe\0\0", b"\0\0\xfe\xff"):
        return Broken("is UTF-32, which XML tools do not read")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or data[:2] in (b"<\0", b"\0<"):
        return _decoded(data, "utf-16" if data[0] > 127 else "utf-16-le" if data[1] == 0 else "utf-16-be", "is UTF-16")
    found = _DECLARED.match(data)
    declared = found[1].decode("ascii").lower() if found else "utf-8"
    if data.startswith(b"\xef\xbb\xbf") or declared.startswith(("utf-16", "ucs-2", "unicode")):
        odd = "" if declared in ("utf-8", "utf8") else "declares an encoding that it is not written in"
        return data, "utf-8", odd
    if declared in _OF_EXPAT:
        return data, None, ""
    return _decoded(data, declared, f"is written in {declared}")


def _decoded(data: bytes, encoding: str, note: str) -> tuple[bytes, str | None, str] | Broken:
    try:
        return data.decode(encoding).lstrip("\ufeff").encode("utf-8"), "utf-8", note
    except UnicodeDecodeError as problem:
        return Broken(f"is not the {encoding} text that it says it is (byte {problem.start + 1})")
    except (LookupError, UnicodeError, ValueError):
        return Broken("declares an encoding that is not known")


def _reason(problem: ExpatError, data: bytes, encoding: str | None) -> str:
    """Expat's own words, except where they hide an unfinished merge, or bytes that are not UTF-8."""
    if re.search(rb"^(?:<{7} |>{7} |={7}\r?$)", data, re.MULTILINE):
        return "is no XML: it holds the marks of an unfinished merge"
    if problem.code == errors.codes[errors.XML_ERROR_INVALID_TOKEN] and encoding in (None, "utf-8"):
        found = _DECLARED.match(data)
        if found is None or found[1].lower() in (b"utf-8", b"utf8"):
            try:
                data.decode("utf-8")
            except UnicodeDecodeError as at:
                return f"is no XML: byte {at.start + 1} is not UTF-8"
    return f"is no XML: {errors.messages[problem.code]}"


# --- building -------------------------------------------------------------------------------------


def _holds(data: bytes, wanted: Collection[str]) -> bool:
    """Whether there can be anything wanted in the file; else it is only checked."""
    return not wanted or any(name.encode("ascii") in data for name in wanted)


class _Builder:
    """The handlers of one parse. They are changed while it runs, so that what is not wanted costs little."""

    def __init__(self, parser: XMLParserType, wanted: Collection[str], builds: bool) -> None:
        self.parser = parser
        self.wanted = frozenset(wanted)
        self.builds = builds
        self.root = Element("", 1, 1)
        self.open: list[Element] = []
        self.comments: list[tuple[str, int, Element | None, Element | None]] = []
        self.waiting: list[int] = []
        self.skipping = self.nodes = 0
        self.line = self.col = 1
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self.doctype
        parser.CommentHandler = self.comment
        self.listen()

    def listen(self) -> None:
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.characters

    def doctype(self, *_: Any) -> None:
        self.refuse("declares a document type; metadata has none, and what it could define is not read")

    def refuse(self, reason: str) -> None:
        self.line, self.col = self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1
        raise _Refused(reason)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        parser, depth = self.parser, len(self.open)
        name = name.rpartition(":")[2]
        element = Element(name, parser.CurrentLineNumber, parser.CurrentColumnNumber + 1)
        if attributes and any(k.endswith(":nil") and v in ("true", "1") for k, v in attributes.items()):
            element.is_nil = True
        if self.waiting:
            for index in self.waiting:
                text, line, around, _ = self.comments[index]
                self.comments[index] = (text, line, around, element)
            self.waiting.clear()
        if depth == 0:
            self.root = element
            if not self.builds:
                parser.StartElementHandler = parser.EndElementHandler = parser.CharacterDataHandler = None
                return
        elif depth >= MAX_DEPTH:
            self.refuse(f"is nested deeper than {MAX_DEPTH} elements")
        elif depth == 1 and self.wanted and name not in self.wanted:
            self.skipping = 1
            parser.StartElementHandler, parser.EndElementHandler = self.skipped_start, self.skipped_end
            parser.CharacterDataHandler = None
            return
        else:
            self.open[-1].children.append(element)
        self.nodes += 1
        if self.nodes > MAX_ELEMENTS:
            self.refuse(f"has more than {MAX_ELEMENTS:,} elements")
        self.open.append(element)

    def end(self, _name: str) -> None:
        element = self.open.pop()
        element.end_line = self.parser.CurrentLineNumber

    def characters(self, text: str) -> None:
        element = self.open[-1]
        if not element.children and len(element.text) < MAX_TEXT:
            element.text += text[: MAX_TEXT - len(element.text)]

    def skipped_start(self, _name: str, _attributes: dict[str, str]) -> None:
        self.skipping += 1

    def skipped_end(self, _name: str) -> None:
        self.skipping -= 1
        if not self.skipping:
            self.listen()

    def comment(self, text: str) -> None:
        if "jwtdoctor" in text[:MAX_COMMENT] and len(self.comments) < MAX_COMMENTS:
            around = self.open[-1] if self.open else None
            self.waiting.append(len(self.comments))
            self.comments.append((text[:MAX_COMMENT], self.parser.CurrentLineNumber, around, None))


def _placed(builder: _Builder) -> Iterator[Comment]:
    """Comments with the lines that they speak for; one behind an element on its line speaks for that line too."""
    for text, line, around, after in builder.comments:
        spoken = after or around or builder.root
        last = max(spoken.end_line, spoken.line)
        if spoken is builder.root and not builder.root.children:
            last = 10**9
        yield Comment(text, line, min(line, spoken.line), last)
