"""Versions of the recipe file, and the way from each to the next.

Files outlive the app that wrote them: a migration, once released, is never changed or taken out. One takes the plain
data of a file of its version and gives that of the next.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pipelines.errors import UsageError

Migration = Callable[[dict[str, Any]], dict[str, Any]]

#: The first leads from version 1 to 2, and so on. Append only.
MIGRATIONS: tuple[Migration, ...] = ()

#: What this app writes.
VERSION = 1 + len(MIGRATIONS)


def migrated(data: Mapping[str, Any], migrations: Sequence[Migration] = MIGRATIONS) -> dict[str, Any]:
    """The data of a file as the newest version has it; without a version it is taken for the newest.

    Raises:
        UsageError: no version, or that of a newer app.
    """
    newest = 1 + len(migrations)
    version = data.get("version", newest)
    if type(version) is not int or version < 1:
        raise UsageError(f"A recipe cannot have version {str(version)[:40]!r}.", f"Versions: 1 to {newest}.")
    if version > newest:
        raise UsageError(
            f"The recipe has version {version}; this app reads up to version {newest}.",
            "A newer app wrote it: update this one, or export the recipe there for an older app.",
        )
    found = dict(data)
    for migrate in migrations[version - 1 :]:
        found = migrate(found)
    return {**found, "version": newest}
