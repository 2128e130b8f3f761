"""`prefect.yaml`, by which Prefect's stock workers deploy: its deployments are written from the catalog.

`make schema` writes them; a test fails where the file is older than the catalog.
"""

import sys
import textwrap
from pathlib import Path

from deployments.catalog import CATALOG, Catalogued

OPENING = "\ndeployments:\n"


def with_deployments(text: str) -> str:
    """The file's text with the catalog's deployments in place of its own. Raises ValueError where it has none."""
    before, _old = text.split(OPENING)
    return before + OPENING + "\n".join(_entry(deployment) for deployment in CATALOG)


def _entry(deployment: Catalogued) -> str:
    schedule = f'  schedules:\n    - cron: "{deployment.schedule}"\n' if deployment.schedule else ""
    return textwrap.indent(
        f"- name: {deployment.name}\n"
        f"  entrypoint: {deployment.file_entrypoint}\n"
        f"  tags: [{', '.join(deployment.all_tags)}]\n{schedule}"
        "  enforce_parameter_schema: true\n"
        "  description: |\n" + textwrap.indent(deployment.description, "    "),
        "  ",
    )


if __name__ == "__main__":
    file = Path(sys.argv[1])
    file.write_text(with_deployments(file.read_text(encoding="utf-8")), encoding="utf-8")
