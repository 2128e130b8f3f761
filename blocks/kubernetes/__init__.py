"""The API of a Kubernetes cluster: what platforms and routers of it share."""
