"""What starts a run: the CLI, the gateway, automations, schedules, the warm worker and `serve`."""
