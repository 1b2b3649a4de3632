"""The parts of bench/capture-rate.

options -> lab -> figures (each a module of figures/) -> panels -> table, picture, report.
A figure runs tools in turn (turns, capture), each on numbered packets (source), and puts what it
found into panels. What is printed, drawn and kept is made of those alone. What other comparisons
need as well (command, turns, panels, table, report) is in measure/.
"""
