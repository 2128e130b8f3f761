"""Which machine, at what address, with what secret: the Application block, the store, and adapters."""
