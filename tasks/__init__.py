"""Which single act, retried how? One verb a file. An act is a plain function; inside a flow it runs as a Prefect task."""
