"""What a host knows of an application's releases, in its folder: the part of `blocks.local_ledger` that is about them."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from blocks import json_lines
from blocks.local_files import LocalFiles
from blocks.local_folders import RELEASES
from domain.good import joined
from domain.release import SEEN_SINCE, Release


class LocalReleases:
    """The releases of one application. `folder`: where they are kept; `files`: that folder's."""

    application: str
    folder: Path
    files: LocalFiles

    def record(self, release: Release) -> None:
        """Keep or replace the record; what is known of serving, evidence and quarantine stays."""
        kept = self._release(release.version)
        known = {name: getattr(kept, name) if kept else None for name in SEEN_SINCE}
        known["served_since"] = known["served_since"] or release.served_since
        self._keep_release(release.model_copy(update=known))

    def releases(self, application: str) -> list[Release]:
        """Newest first."""
        found = [kept for kept in self.files.read(RELEASES, Release) if kept.application == application]
        return sorted(found, key=lambda release: release.recorded_at, reverse=True)

    def served(self, application: str, version: str, at: datetime) -> None:
        """Note the first time traffic was seen on it."""
        release = self._known(application, version)
        if release.served_since is None:
            self._keep_release(release.model_copy(update={"served_since": at}))

    def good(self, application: str, version: str, since: datetime, until: datetime, by: str) -> None:
        """Note that it was seen to serve well from then to then."""
        self._keep_release(joined(self._known(application, version), since, until, by))

    def quarantine(self, application: str, version: str, incident: str | None) -> None:  # noqa: ARG002 - ours
        """Set or lift it."""
        known = self._release(version)
        if known is not None:
            self._keep_release(known.model_copy(update={"quarantined_by": incident}))

    def keep_releases(self, releases: Iterable[Release]) -> None:
        """Replace what this host knows of the application's releases; newest first."""
        with self.files.disk():
            json_lines.replace(self.folder / RELEASES, releases)

    def _known(self, application: str, version: str) -> Release:
        known = self._release(version)
        return known or Release(application=application, version=version, recorded_by="seen")

    def _release(self, version: str) -> Release | None:
        return next((kept for kept in self.releases(self.application) if kept.version == version), None)

    def _keep_release(self, release: Release) -> None:
        others = [kept for kept in self.releases(self.application) if kept.version != release.version]
        self.keep_releases([release, *others])
