"""Who belongs to an ensemble: the list that servers keep, what peers say of it, and how it is changed.

May import every module of zkboot below it in the import contract, from `client` and `volumes` down.
"""
