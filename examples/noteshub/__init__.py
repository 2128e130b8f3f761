"""NotesHub: programs of a supervisord, blue, green and amber, behind nginx."""
