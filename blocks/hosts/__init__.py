"""Adapters: machines that commands are run and files are changed on. One file a kind."""
