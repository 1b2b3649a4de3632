"""Every single figure, as JSON."""
import dataclasses
import json
import os
import pathlib
import platform
import re


def machine():
    info = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"^model name\s*:\s*(.+)$", info, re.MULTILINE)
    memory = re.search(r"^MemTotal:\s+(\d+) kB", pathlib.Path("/proc/meminfo").read_text(),
                       re.MULTILINE)
    return {"kernel": platform.release(), "cpus": os.cpu_count(),
            "model": model.group(1) if model else platform.machine(),
            "memory_mib": int(memory.group(1)) // 1024, "load": os.getloadavg()}


def write(path, facts, panels, kept):
    """`kept`: what bench.keep was told; `panels` what was made of it."""
    path.write_text(json.dumps(
        {**facts, "panels": [dataclasses.asdict(panel) for panel in panels], "kept": kept},
        indent=1) + "\n")
