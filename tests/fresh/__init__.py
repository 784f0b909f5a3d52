"""Fresh machines, Debian in containers, on which the pages are followed: what they tell to type is typed there.

`machine` makes one, `registries` tells it where this machine gets packages from, `transcript` compares what is printed
with what a page shows.
"""
