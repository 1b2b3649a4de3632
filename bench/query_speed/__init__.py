"""The parts of bench/query.

options -> captures (made on the spot) -> figures (programs asked in turn) -> panels.
"""
