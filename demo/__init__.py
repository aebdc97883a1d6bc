"""The main job in the embedded default: a whole platform on loopback, and a rotation through it.

The stage (`stage`) is what the tests use as well: the sandbox, a Prefect server with its UI, a
worker, and every deployment of `prefect.yaml`, each as a process of its own.
"""
