"""Runs a program and measures CPU seconds (user and system, with its children), wall seconds and peak memory."""

import os
import statistics
import subprocess
import time
from dataclasses import dataclass


@dataclass
class Cost:
    cpu: float
    wall: float
    peak_mib: float


def run(command, cwd=None, env=None, stdout=subprocess.DEVNULL):
    """The cost of `command`, which must succeed. time(1) measures the peak: a direct child of this process would be
    charged with the interpreter's."""
    report_read, report_write = os.pipe()
    timed = ["/usr/bin/time", "-q", "-f", "%M", "-o", f"/dev/fd/{report_write}", *command]
    begun = time.perf_counter()
    child = subprocess.Popen(timed, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE,
                             pass_fds=[report_write])
    os.close(report_write)
    errors = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - begun
    child.returncode = os.waitstatus_to_exitcode(status)
    with os.fdopen(report_read) as report:
        peak_kib = report.read().split()
    if child.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit status {child.returncode}\n{errors.decode(errors='replace')}")
    return Cost(usage.ru_utime + usage.ru_stime, wall, int(peak_kib[-1]) / 1024)


def median(costs):
    """Of each figure by itself; of the peaks the largest."""
    return Cost(statistics.median(c.cpu for c in costs), statistics.median(c.wall for c in costs),
                max(c.peak_mib for c in costs))


def warm(*paths):
    """Reads files, so that every tool finds them in the page cache alike, and writes out what is not yet on the medium,
    so that a tool that syncs does not wait for what another one left."""
    os.sync()
    for path in paths:
        with open(path, "rb") as file:
            while file.read(1 << 22):
                pass


def bytes_on_disk(folder):
    """Allocated bytes of all files below, in MiB."""
    total = 0
    for parent, _, files in os.walk(folder):
        total += sum(os.lstat(os.path.join(parent, file)).st_blocks * 512 for file in files)
    return total / (1 << 20)
