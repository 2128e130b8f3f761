"""Jarvis: an assistant with accounts, in one namespace of a Kubernetes cluster."""
