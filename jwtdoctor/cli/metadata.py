"""`--metadata PATH`: what an app's own metadata tells a diagnosis. The app is named, or found by its consumer key.

Decisions where the contract is silent: what the input or `--fact` says wins, since a repository is what somebody means
to deploy; and a repository with one app alone needs no name.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from jwtdoctor.cli.common import one_line
from jwtdoctor.errors import BadInput

if TYPE_CHECKING:
    from jwtdoctor.lint.apps import App
    from jwtdoctor.lint.repository import Repository
    from jwtdoctor.model.chart import Observation


def metadata_facts(
    path: str | None, app: str | None, client_id: str | None, *, knows_time: bool
) -> tuple[Observation, ...]:
    """The facts of one app. `knows_time`: whether this machine's clock may date its certificate.

    Raises BadInput for a path that is not there, and where it is not clear which app is meant.
    """
    if path is None:
        return ()
    from jwtdoctor.lint.facts import DATED, facts_of
    from jwtdoctor.lint.repository import repository_of
    from jwtdoctor.lint.walk import read_folders

    repository = repository_of(read_folders([path]), time.time())
    facts = facts_of(repository, _meant(repository, app, client_id))
    return tuple(one for one in facts if knows_time or one.fact not in DATED)


def _meant(repository: Repository, name: str | None, client_id: str | None) -> App:
    from jwtdoctor.lint.facts import app_named

    if name:
        found = app_named(repository, name)
    else:
        found = app_named(repository, consumer_key=client_id or "")
        if found is None and len(repository.apps) == 1:
            found = repository.apps[0]
    if found is None:
        known = ", ".join(sorted({one_line(app.name)[:60] for app in repository.apps})[:12])
        raise BadInput("which app is meant?", where="--metadata", expected=f"--app with one of: {known}" if known else
                       "a folder with apps")  # fmt: skip
    return found
