"""A backup of an application's database, taken and verified: Jarvis "Database Rollback Procedure" 3, Aldeia step 3."""

from prefect import flow

from blocks.installation import installation
from flows import form
from flows.database_tables import show_backups
from flows.intake import document_of
from flows.naming import run_name
from tasks.back_up import take_backup
from tasks.database import changes_of
from tasks.run_log import progress_lines


@flow(name="backup-database", flow_run_name=run_name, persist_result=False)
def backup_database(application: form.Application, label: form.Label = "manual") -> str:
    """Dump it, with a manifest of what it holds; verify the dump; drop what retention no longer keeps."""
    with installation() as here:
        document = document_of(application, here)
        made = take_backup(here, document, label, progress=progress_lines())
        show_backups(document.name, changes_of(document, here.home).backups())
    return made.name
