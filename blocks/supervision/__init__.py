"""How a supervisord is asked: by its own XML-RPC on this host, by `supervisorctl` on another one; and what goes with it."""
