"""A team's own migration tool, as a script: `tool.py FOLDER status|up|down [VERSION]`, with DATABASE_URL.

`up` and `down` without a version go one step. It knows its numbered SQL files, and a table of its own.
"""

import os
import sys
from pathlib import Path

import psycopg

NEXT = "next"


def main(folder: Path, action: str, target: str = NEXT) -> int:
    known = sorted(int(file.name.partition("_")[0]) for file in folder.glob("*.up.sql"))
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS tool_migrations (version int)")
        applied = sorted(row[0] for row in connection.execute("SELECT version FROM tool_migrations"))
        if action == "status":
            for number in known:
                word = "applied" if number in applied else "pending"
                sys.stdout.write(f"\x1b[32m{word}\x1b[0m {number}\n")
            return 0
        if action == "down":
            steps = [number for number in reversed(applied) if target == NEXT or number > int(target)]
        else:
            steps = [number for number in known if number not in applied]
            steps = [number for number in steps if target == NEXT or number <= int(target)]
        for number in steps[:1] if (action, target) == ("down", NEXT) else steps:
            step(connection, folder, number, action)
    return 0


def step(connection: psycopg.Connection[tuple[int]], folder: Path, number: int, action: str) -> None:
    file = next(folder.glob(f"{number}_*.{action}.sql"), None)
    if file is None:
        sys.exit(f"no file goes {action} from {number} in {folder}")
    record = {
        "up": "INSERT INTO tool_migrations VALUES (%s)",
        "down": "DELETE FROM tool_migrations WHERE version = %s",
    }
    with connection.transaction():
        connection.execute(file.read_bytes())
        connection.execute(record[action].encode(), [number])


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
