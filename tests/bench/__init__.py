"""The figures of tests/README.md, measured: `python -m tests.bench`.

No tests: nothing here asserts how long anything takes.
"""
