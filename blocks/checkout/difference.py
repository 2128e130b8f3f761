"""What a release brings that the one in place does not have: Aldeia "Pre-Deployment Checks" 3 and 4."""

from blocks.checkout.git import Git
from blocks.checkout.releases import CheckoutRelease

MOST_LINES = 10
"""Of each kind: a person reads them before saying yes."""

MIGRATIONS = "migration"
"""In the path of a file, in small letters: whatever the tool, its steps lie in a folder that is called so."""


def difference(git: Git, old: CheckoutRelease, new: CheckoutRelease) -> list[str]:
    """Commits, migrations and files, the counts of them first; what is left out is said. Raises CommandFailed."""
    span = f"{old.commit}..{new.commit}"
    commits = git.run("log", "--oneline", "--no-decorate", span, "--").splitlines()
    files = git.run("diff", "--name-status", "--no-renames", old.commit, new.commit, "--").splitlines()
    changed = git.run("diff", "--shortstat", old.commit, new.commit, "--").strip()
    steps = [line for line in files if MIGRATIONS in line.lower()]
    left = git.run("log", "--oneline", "--no-decorate", f"{new.commit}..{old.commit}", "--").splitlines()
    summary = (
        f"{old.shown} to {new.shown}: {_counted(len(commits), 'commit')}, {changed or 'no file changed'}"
    )
    named = f"{_counted(len(steps), 'file')} of migrations" if steps else "no migration's file"
    lost = [f"not in {new.name}: {_counted(len(left), 'commit')} of {old.name}"] if left else []
    return [
        "; ".join([summary, named, *lost]),
        *_shown("commit", commits),
        *_shown("migration", [_path(line) for line in steps]),
        *_shown("file", [_path(line) for line in files]),
    ]


def _path(line: str) -> str:
    """`A<TAB>apps/x` as `A apps/x`."""
    return " ".join(line.split("\t"))


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _shown(kind: str, lines: list[str]) -> list[str]:
    more = len(lines) - MOST_LINES
    rest = [f"{kind}: and {more} more"] if more > 0 else []
    return [*(f"{kind}: {line}" for line in lines[:MOST_LINES]), *rest]
