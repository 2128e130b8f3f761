"""`prisma migrate status` and `prisma migrate deploy`, as far as this application needs them: same table, words and exit codes."""
