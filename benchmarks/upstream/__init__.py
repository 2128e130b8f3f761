"""A slot with nothing in it: answers each request with its name, so that only the proxy is measured."""
