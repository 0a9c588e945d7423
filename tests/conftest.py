"""What all tests share: the `--real` flag, real parts, and a clean environment."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:
    from peers import Keys

pytest_plugins = ["lint_examples"]

PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
TRUST_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--real", action="store_true", help="a missing real part is a failure, not a skip")


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy or a CA bundle set where the tests run must not change what they say."""
    for name in (*PROXY_VARIABLES, *(n.lower() for n in PROXY_VARIABLES), *TRUST_VARIABLES):
        monkeypatch.delenv(name, raising=False)
    for name in [n for n in os.environ if n.startswith("JWTDOCTOR_")]:
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True, scope="session")
def _each_key_is_parsed_once() -> Iterator[None]:
    """OpenSSL looks whether an RSA key is made of primes whenever it reads one: 30 ms, for the same few keys again and
    again. A key that was read is immutable, so the tests may share it."""
    from cryptography.hazmat.primitives import serialization

    with pytest.MonkeyPatch.context() as patched:
        for name in ("load_pem_private_key", "load_der_private_key"):
            patched.setattr(serialization, name, lru_cache(maxsize=256)(getattr(serialization, name)))
        yield


@pytest.fixture
def real_part(request: pytest.FixtureRequest) -> Callable[[str], Path]:
    """`real_part("chronyd")` is the program's path; the test is skipped where it is missing, failed under `--real`."""

    def find(name: str) -> Path:
        found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"]))
        if found is None:
            missing(request, f"{name} is not installed")
        return Path(str(found))

    return find


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    """Key files for a real server: a pair whose public half it knows, and a key that it does not know."""
    from peers import new_keys

    return new_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def true_time(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`HOST:PORT` of a real time server that is right."""
    from peers import right_time

    with right_time(request, tmp_path_factory.mktemp("chrony")) as server:
        yield server


def missing(request: pytest.FixtureRequest, reason: str) -> NoReturn:
    """Skips, or fails under `--real`."""
    if request.config.getoption("--real"):
        pytest.fail(f"--real: {reason}")
    pytest.skip(reason)
