"""The words: what may be done, and which roles there are. `roles.allow` is where they are asked."""

from __future__ import annotations

from collections.abc import Mapping

RIGHTS: Mapping[str, str] = {  # what each allows, as it is said to somebody who lacks it
    "answer": "answer questions",
    "read": "see how the project stands",
    "labels": "see what others said together",
    "review": "settle disagreements and see how people answer",
    "manage": "manage people, leases and the record",
    "own": "make tokens and managers",
}
ROLES: Mapping[str, frozenset[str]] = {
    "owner": frozenset(RIGHTS),
    "manager": frozenset(RIGHTS) - {"own"},
    "reviewer": frozenset({"answer", "read", "labels", "review"}),
    "annotator": frozenset({"answer", "read"}),
    "viewer": frozenset({"read", "labels"}),
}
API = "api"  # what a token is called instead: it has the rights it was made with, and none by its role
