"""The embedded default: a small world on loopback to run rotations against.

Real sops, real git and real age; doubles of Vaultwarden, of the Kubernetes API with Flux, of the
Anthropic provider and of the application that consumes its key. It imports no other room of this
project: a double that shares code with its client proves nothing.
"""
