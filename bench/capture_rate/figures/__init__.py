"""The figures, in the order in which they are measured and shown.

A new one is a function from a Bench to panels, and a line here.
"""
from .. import ceilings
from . import borders, burst, compression, cpu, growth, memory, nameserver, starved, traffic

FIGURES = {
    "ceilings": ceilings.measure,
    "cpu": cpu.measure,
    "memory": memory.measure,
    "burst": burst.measure,
    "starved": starved.measure,
    "borders": borders.measure,
    "traffic": traffic.measure,
    "nameserver": nameserver.measure,
    "compression": compression.measure,
    "growth": growth.measure,
}
