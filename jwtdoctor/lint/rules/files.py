"""Files that cannot be read as what they are called. Broken XML is a finding; what was not read is never silence."""

from __future__ import annotations

from collections.abc import Iterator

from jwtdoctor.lint.apps import Place
from jwtdoctor.lint.repository import Repository
from jwtdoctor.lint.rule import Problem, rule, told


@rule("error", "documented", "https://www.w3.org/TR/xml/#sec-well-formed", remedy="mend the file; nothing deploys it")
def xml_broken(repository: Repository) -> Iterator[Problem]:
    """The file is no well-formed XML.

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <label>Sync & more</label>
        </ConnectedApp>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <label>Sync &amp; more</label>
        </ConnectedApp>
    """
    return told(repository, "xml-broken")


@rule(
    "error",
    "inferred",
    "https://www.w3.org/TR/xml/#dt-doctype",
    remedy="take the declaration out: metadata has none, and entities of a file's own are an attack",
)
def xml_declares_a_type(repository: Repository) -> Iterator[Problem]:
    """The file declares a document type, which is refused: no entity of a file is ever expanded.

    Bad:
        connectedApps/Sync.connectedApp
        <!DOCTYPE a [<!ENTITY b "c">]>
        <ConnectedApp><label>&b;</label></ConnectedApp>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp><label>c</label></ConnectedApp>
    """
    return told(repository, "xml-declares-a-type")


@rule("warning", "documented", remedy="look at the file")
def file_not_read(repository: Repository) -> Iterator[Problem]:
    """The file was left alone: too large, nested too deep, or a pointer of Git LFS.

    Bad:
        connectedApps/Sync.connectedApp
        version https://git-lfs.github.com/spec/v1
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp><label>Sync</label></ConnectedApp>
    """
    return told(repository, "file-not-read")


@rule("warning", "documented", remedy="check its permissions, and what it points at")
def file_unreadable(repository: Repository) -> Iterator[Problem]:
    """The file or folder could not be opened, or is no regular file.

    Bad:
        @link connectedApps/Sync.connectedApp -> Sync.connectedApp
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp><label>Sync</label></ConnectedApp>
    """
    return told(repository, "file-unreadable")


@rule("warning", "maintainer", "sdr", remedy="give the file the name of its type")
def root_element(repository: Repository) -> Iterator[Problem]:
    """The root element and the name of the file stand for different types.

    Bad:
        connectedApps/Sync.connectedApp
        <ExternalClientApplication><label>Sync</label></ExternalClientApplication>
    Good:
        externalClientApps/Sync.eca
        <ExternalClientApplication><label>Sync</label></ExternalClientApplication>
    """
    return told(repository, "root-element")


@rule("warning", "maintainer", "sdr", remedy="rename the file")
def unknown_suffix(repository: Repository) -> Iterator[Problem]:
    """The file is named like one of the external client app family, and there is no such type.

    Bad:
        extlClntAppGlobalOauthSets/Sync.ecaGlobalOauth-meta.xml
        <ExtlClntAppGlobalOauthSettings/>
    Good:
        extlClntAppOauthSettings/Sync.ecaOauth-meta.xml
        <ExtlClntAppOauthSettings/>
    """
    return told(repository, "unknown-suffix")


@rule("warning", "documented", remedy="name metadata files, or the folder that they are in")
def file_of_no_type(repository: Repository) -> Iterator[Problem]:
    """A file that was named on the command line is no metadata of a type that is read here.

    Bad:
        named/package.xml
        <Package/>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp><label>Sync</label></ConnectedApp>
    """
    return told(repository, "file-of-no-type")


@rule("note", "documented", remedy="name the folder that the link points at")
def link_not_followed(repository: Repository) -> Iterator[Problem]:
    """A link to a folder, behind which metadata may lie, was not followed.

    Bad:
        @link profiles -> ../elsewhere
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp><label>Sync</label></ConnectedApp>
    """
    return told(repository, "link-not-followed")


@rule("warning", "documented", remedy="name fewer folders, or raise --timeout")
def not_all_read(repository: Repository) -> Iterator[Problem]:
    """Not all files were read, because there are too many or the time was over.

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp><label>Sync</label></ConnectedApp>
        @the time is over
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp><label>Sync</label></ConnectedApp>
    """
    return told(repository, "not-all-read")


@rule("note", "inferred", "https://www.w3.org/TR/xml/#charencoding", remedy="save it as UTF-8")
def unusual_encoding(repository: Repository) -> Iterator[Problem]:
    """The file is not written in UTF-8, as Salesforce's tools write it, or not in the encoding that it declares.

    Bad:
        connectedApps/Sync.connectedApp
        <?xml version="1.0" encoding="UTF-16"?>
        <ConnectedApp><label>Sync</label></ConnectedApp>
    Good:
        connectedApps/Sync.connectedApp
        <?xml version="1.0" encoding="UTF-8"?>
        <ConnectedApp><label>Sync</label></ConnectedApp>
    """
    for document in repository.documents:
        if document.tree.note:
            yield Problem(f"the file {document.tree.note}", Place(document.path))
