"""MVP-011: an application that is moved by an HTTP deployment API, on this machine."""
