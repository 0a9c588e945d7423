"""Files a second that `lint` judges, beside a bare parse of the same files with the same XML library.

    python benchmarks/lint.py                 # 500 files
    python benchmarks/lint.py --files 5000

The files are generated: connected apps with certificates, whole families of external client apps, profiles with many
permissions, permission sets. "Bare" reads each file and hands it to expat without a single handler, so that nothing
can be faster; "tree" builds the standard library's tree, which has no line numbers. `lint` finds the files, parses
with positions, joins them and runs every rule.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from pyexpat import ParserCreate
from xml.etree import ElementTree

from jwtdoctor.lint.check import lint

XMLNS = "http://soap.sforce.com/2006/04/metadata"
CERTIFICATE = "".join(
    (Path(__file__).resolve().parent.parent / "sample_keys" / "matching.crt").read_text().splitlines()[1:-1]
)
"""One line of base64, as retrieved files have it."""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--files", type=int, default=500)
    options.add_argument("--rounds", type=int, default=3)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        paths = [written(Path(folder), name, text) for name, text in generated(asked.files)]
        size = sum(path.stat().st_size for path in paths)
        print(f"{len(paths):,} files, {size / 1e6:.1f} MB, best of {asked.rounds}")
        bare = best(lambda: parse_bare(paths), asked.rounds)
        tell("bare parse (expat, no handlers)", len(paths), bare, bare)
        tell("tree (xml.etree)", len(paths), best(lambda: parse_tree(paths), asked.rounds), bare)
        tell("lint", len(paths), best(lambda: lint([folder], time.time()), asked.rounds), bare)


def best(work: Callable[[], object], rounds: int) -> float:
    """Seconds of the fastest round."""
    return min(timed(work) for _ in range(rounds))


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def tell(name: str, files: int, took_s: float, bare_s: float) -> None:
    print(f"{name:<34} {files / took_s:>9,.0f} files/s  {took_s:7.3f} s  {took_s / bare_s:5.1f} x bare")


def parse_bare(paths: list[Path]) -> None:
    for path in paths:
        ParserCreate().Parse(path.read_bytes(), True)


def parse_tree(paths: list[Path]) -> None:
    for path in paths:
        ElementTree.fromstring(path.read_bytes())


# --- the files ------------------------------------------------------------------------------------


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n', encoding="utf-8")
    return path


def generated(files: int) -> Iterator[tuple[str, str]]:
    """As many files, in the shares of a large repository."""
    makers = (connected_app, family_identity, family_global, family_oauth, family_policy, profile, permission_set)
    for number in range(files):
        yield makers[number % len(makers)](number // len(makers))


def connected_app(n: int) -> tuple[str, str]:
    scopes = "".join(f"<scopes>{scope}</scopes>" for scope in ("Api", "Web", "RefreshToken"))
    text = (
        f"<contactEmail>team@example.com</contactEmail><label>App {n}</label><oauthConfig>"
        f"<callbackUrl>https://app{n}.example.com/callback</callbackUrl><certificate>{CERTIFICATE}</certificate>"
        f"<consumerKey>{f'3MVG9app{n}x':y<85}</consumerKey><isAdminApproved>true</isAdminApproved>{scopes}"
        "</oauthConfig><oauthPolicy><ipRelaxation>ENFORCE</ipRelaxation>"
        "<refreshTokenPolicy>specific_inactivity:30:DAYS</refreshTokenPolicy></oauthPolicy>"
        f"<permissionSetName>Access to {n}</permissionSetName>"
    )
    return f"connectedApps/App_{n}.connectedApp-meta.xml", of("ConnectedApp", text)


def family_identity(n: int) -> tuple[str, str]:
    text = f"<distributionState>Local</distributionState><label>Client {n}</label>"
    return f"externalClientApps/Client_{n}.eca-meta.xml", of("ExternalClientApplication", text)


def family_global(n: int) -> tuple[str, str]:
    text = f"{owner(n)}<isPkceRequired>true</isPkceRequired><shouldRotateConsumerKey>false</shouldRotateConsumerKey>"
    path = f"extlClntAppGlobalOauthSets/Client_{n}_glbl.ecaGlblOauth-meta.xml"
    return path, of("ExtlClntAppGlobalOauthSettings", text)


def family_oauth(n: int) -> tuple[str, str]:
    text = f"<commaSeparatedOauthScopes>Api, RefreshToken</commaSeparatedOauthScopes>{owner(n)}"
    path = f"extlClntAppOauthSettings/Client_{n}_oauth.ecaOauth-meta.xml"
    return path, of("ExtlClntAppOauthSettings", text)


def family_policy(n: int) -> tuple[str, str]:
    text = f"{owner(n)}<permittedUsersPolicyType>AllSelfAuthorized</permittedUsersPolicyType>"
    path = f"extlClntAppOauthPolicies/Client_{n}_policy.ecaOauthPlcy-meta.xml"
    return path, of("ExtlClntAppOauthConfigurablePolicies", text)


def owner(n: int) -> str:
    return f"<externalClientApplication>Client_{n}</externalClientApplication>"


def profile(n: int) -> tuple[str, str]:
    rows = "".join(
        f"<fieldPermissions><editable>true</editable><field>Account.Field_{m}__c</field><readable>true</readable>"
        "</fieldPermissions>\n"
        for m in range(300)
    )
    ranges = "<loginIpRanges><endAddress>192.0.2.9</endAddress><startAddress>192.0.2.1</startAddress></loginIpRanges>"
    return f"profiles/Profile {n}.profile-meta.xml", of("Profile", rows + (ranges if n % 4 == 0 else ""))


def permission_set(n: int) -> tuple[str, str]:
    rows = "".join(
        f"<classAccesses><apexClass>Class_{m}</apexClass><enabled>true</enabled></classAccesses>\n" for m in range(50)
    )
    text = f"{rows}<label>Access to {n}</label>"
    return f"permissionsets/Access_{n}.permissionset-meta.xml", of("PermissionSet", text)


def of(root: str, text: str) -> str:
    return f'<{root} xmlns="{XMLNS}">{text}</{root}>'


if __name__ == "__main__":
    main()
