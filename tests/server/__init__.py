"""Real ZooKeeper and Kafka servers for the tests and the demo: fetched on demand, run as supervised processes.

The modules, the lowest first: `toolchain` (java and mvn), `distributions` (which servers there are), `cache` (fetches
them), `commands` (the command line that runs one), `processes` (a running one), `ports` and `hosts` (where it runs).
"""
