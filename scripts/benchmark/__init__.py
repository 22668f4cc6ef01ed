"""The benchmark: one set of requests, answered by every framework in one process, in turns.

It measures and reports; it knows no framework's internals and nothing of the package but its public names.
"""
