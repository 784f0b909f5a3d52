"""A server's TLS files: made from a mounted Secret, in the form in which its version reads them, and checked before.

May import the rest of `zkboot.pod`.
"""
