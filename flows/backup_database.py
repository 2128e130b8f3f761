"""A backup of an application's database, taken and verified: Jarvis "Database Rollback Procedure" 3, Aldeia step 3."""

from prefect import flow

from blocks.installation import installation
from blocks.store import schemas
from flows import form
from flows.database_tables import show_backups
from flows.intake import document_of
from flows.naming import run_name
from tasks.database import changes_of, serving_release, usable


@flow(name="backup-database", flow_run_name=run_name, persist_result=False)
def backup_database(application: form.Application, label: form.Label = "manual") -> str:
    """Dump it, with a manifest of what it holds; verify the dump; drop what retention no longer keeps."""
    with installation() as here:
        document = document_of(application, here)
        changes = changes_of(document, here.home)
        release = serving_release(document)
        version = changes.status(release).version
        if version is not None:
            schemas.keep(here.store.database, document.name, version, changes.schema())
        made = usable(changes.back_up(label, release))
        show_backups(document.name, changes.backups())
    return made.name
