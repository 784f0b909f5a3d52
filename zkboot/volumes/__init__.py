"""What is on the volumes of a server, and whether it contradicts what was computed. Nothing here writes.

May import `member`, `settings`, `variables`, `lists` and `zkboot.pod`.
"""
