"""What is decided about an application's database: schemas, migrations, backups, and the way back."""
