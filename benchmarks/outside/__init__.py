"""What a user might pick instead, and what draws the curves: in an environment of its own.

The modules here run in that environment, so they import nothing of the project.
"""
