"""A Caddy with ten upstreams, each read from a file at each request: traffic is shared out by tenths, and nothing is lost."""

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain, cycle
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from blocks.caddy_placeholder import PlaceholderRouter
from blocks.caddy_route_checkup import examined_folder
from blocks.fields import AbsolutePath
from blocks.files import sync_folder
from blocks.routers.contract import (
    WHOLE,
    Receipt,
    Route,
    WeightedRouter,
    changed_since,
    in_words,
    shared_out,
    slot_of,
    upstream_of,
)
from domain.checkup import Checkup
from domain.errors import ConfigurationError
from domain.errors.machines import unusable

TENTHS = 10
READABLE = 0o755, 0o644
"""Modes of a first folder and its files: Caddy runs as another user."""


class CaddyFiles(PlaceholderRouter, WeightedRouter):
    """Caddy's round robin over ten upstreams, each the placeholder of a file: `{file./run/shop/active/0}` to `.../9`.

    In a Caddyfile: `reverse_proxy tcp/{file./run/shop/active/0} ...` ten times, and `lb_policy round_robin`. Each file
    is 10 % of the traffic, so 25 % is to be asked for as 20 or 30.

    `/run/shop/active` is a link to a folder of `/run/shop/active.routes`. A switch fills a new folder first, then
    renames the link: a request sees the old shares or the new ones, never a mixture, and a crash leaves one of them.
    The folder before the last switch stays for who is reading it; those before are removed.
    """

    lossless: ClassVar[bool] = True
    grain: ClassVar[int] = WHOLE // TENTHS
    kind: Literal["caddy_files"] = "caddy_files"
    folder: AbsolutePath = Field(
        description="The folder in Caddy's ten placeholders, `FOLDER/0` to `FOLDER/9`: a link to one of `FOLDER.routes`."
    )

    def active(self, upstreams: Mapping[str, str]) -> Route:
        """What the ten files say, all of one folder. Raises Unreachable where one is missing or cannot be read."""
        held, inode = self._held()
        slots = [slot_of(address, upstreams) for address in held]
        shares = {slot: count * self.grain for slot in upstreams if (count := slots.count(slot))}
        stamp = f"{hashlib.sha256(chr(10).join(held).encode()).hexdigest()[:16]}-{inode}"
        whole = next((slot for slot, share in shares.items() if share == WHOLE), None)
        return Route(slot=whole, stamp=stamp, shares={} if whole else shares)

    def switch(self, slot: str, upstreams: Mapping[str, str], expected: Route) -> Receipt:
        """Give the slot all ten, as the contract says.

        Raises ConfigurationError too, where the folder is no link, or is mounted into `container` by itself.
        """
        upstream_of(slot, upstreams)
        return self._move({slot: WHOLE}, upstreams, expected)

    def share(self, shares: Mapping[str, int], upstreams: Mapping[str, str], expected: Route) -> Receipt:
        """Share the ten out, as the contract says. Raises as `switch` does."""
        return self._move(shared_out(shares, upstreams, self.grain), upstreams, expected)

    def _move(self, shares: Mapping[str, int], upstreams: Mapping[str, str], expected: Route) -> Receipt:
        self.active(upstreams)
        if not self.folder.is_symlink():
            problem = (
                "is no link: a folder cannot be replaced in one step; docs/routers.md says how to lay it out"
            )
            raise ConfigurationError(file=str(self.folder), key="folder", problem=problem)
        with self._turn():
            found, after = self.active(upstreams), in_words(shares)
            if found.served == shares:
                return Receipt(changed=False, before=after, after=after)
            if found.stamp != expected.stamp:
                raise changed_since(str(self.folder), expected, found)
            lay_out(self.folder, [upstreams[slot] for slot in _in_turn(shares, self.grain)])
            return Receipt(changed=True, before=found.slot, after=after)

    def _held(self) -> tuple[list[str], str]:
        """The ten addresses of the folder that the link leads to now, and what tells this link from another one."""
        try:
            link = self.folder.lstat()
            held = [_address(self.folder.resolve() / str(number)) for number in range(TENTHS)]
        except FileNotFoundError as error:
            missing = self.folder / Path(error.filename).name if self.folder.exists() else self.folder
            why = f"{missing} is missing and Caddy answers 502 for its share; docs/routers.md says how to lay it out"
            raise self._unreachable(why) from error
        except OSError as error:
            raise unusable("router caddy_files", str(self.folder), error) from error
        return held, f"{link.st_ino}-{link.st_mtime_ns}"

    @property
    def _place(self) -> Path:
        return self.folder

    @property
    def _setting(self) -> str:
        return "folder"

    def _examined_place(self) -> Checkup:
        return examined_folder(self.folder, self._look)

    def _look(self) -> list[str]:
        """Raises Unreachable."""
        return self._held()[0]


def lay_out(folder: Path, addresses: Sequence[str]) -> None:
    """Make the link lead to a new folder of ten files with these addresses, also where there was none. Raises OSError.

    One address alone is in all ten. Mode and owner are those of the folder before.
    """
    old = folder.resolve() if folder.is_symlink() else None
    routes = folder.with_name(f"{folder.name}.routes")
    routes.mkdir(mode=READABLE[0], exist_ok=True)
    new = routes / secrets.token_hex(4)
    _fill(new, addresses, old)
    sync_folder(routes)
    beside = folder.with_name(f".{folder.name}.new")
    beside.unlink(missing_ok=True)
    beside.symlink_to(Path(routes.name, new.name))
    beside.rename(folder)
    sync_folder(folder.parent)
    for left in routes.iterdir():
        if left not in (new, old):
            shutil.rmtree(left, ignore_errors=True)


def _fill(new: Path, addresses: Sequence[str], old: Path | None) -> None:
    new.mkdir()
    for number, address in zip(range(TENTHS), cycle(addresses), strict=False):
        with (new / str(number)).open("wb") as file:
            file.write(address.encode())
            file.flush()
            os.fsync(file.fileno())
            _take_after(new / str(number), old / str(number) if old else None, READABLE[1])
    _take_after(new, old, READABLE[0])
    sync_folder(new)


def _take_after(new: Path, old: Path | None, mode: int) -> None:
    found = old.stat() if old and old.exists() else None
    new.chmod(found.st_mode & 0o7777 if found else mode)
    if found:
        # Who may write the folder but is not root cannot give it away, and need not.
        with suppress(PermissionError):
            os.chown(new, found.st_uid, found.st_gid)


def _address(file: Path) -> str:
    return file.read_bytes().decode(errors="replace").strip()


def _in_turn(shares: Mapping[str, int], grain: int) -> Iterator[str]:
    """The slots of the ten files, spread out: round robin sends no ten requests in a row to one that has half."""
    turns = [(index + 0.5) * WHOLE / share for share in shares.values() for index in range(share // grain)]
    slots = chain.from_iterable([slot] * (share // grain) for slot, share in shares.items())
    return (slot for _, slot in sorted(zip(turns, slots, strict=True), key=lambda turn: turn[0]))
