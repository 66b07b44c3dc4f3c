#!/usr/bin/env python3
"""varve beside its peers on one disk's nights; see run.sh.

  bench.py SCRATCH MIB SEED RUNS HUGE_STRIDE_MIB RESULT     writes the table to the file RESULT
"""

import os
import subprocess
import sys
from pathlib import Path

import measured
from huge_disks import SIZE, TIB, HugeQcow2, HugeRaw
from table import Table
from tools import Borg, QemuImg, Restic, Varve

NIGHTS = ["1", "2", "3", "4"]
HERE = Path(__file__).parent


def say(text):
    print(text, flush=True)


class Bench:
    def __init__(self, scratch, mib, seed, runs, huge_stride_mib):
        self.scratch, self.seed, self.runs = Path(scratch), seed, runs
        self.mib, self.huge_stride = mib, huge_stride_mib << 20
        self.guest = self.scratch / "guest"
        self.disk = self.guest / "disk.raw"
        self.first_night = self.scratch / "first-night.raw"
        self.table = Table([kind.name for kind in (Varve, Borg, Restic, QemuImg)])

    def run(self):
        self.make_disk()
        tools = self.first_backups()
        self.nights(tools)
        self.restores(tools)
        self.verifies(tools)
        for tool in tools:
            tool.remove()
        self.restore_yardstick()
        subprocess.run(["rm", "-r", self.guest, self.first_night], check=True)
        self.diff_of_mostly_empty()
        self.huge(HugeRaw, "raw")
        self.huge(HugeQcow2, "qcow2")

    # -- one disk, four tools

    def make_disk(self):
        self.guest.mkdir()
        say(f"making a disk of {self.mib} MiB, seed {self.seed}")
        self.guest_does("make", self.guest, self.mib, self.seed)
        subprocess.run(["cp", "--sparse=always", self.disk, self.first_night], check=True)

    def guest_does(self, *arguments):
        subprocess.run([sys.executable, HERE / "guest.py", *map(str, arguments)], check=True)

    def first_backups(self):
        """Each run into a fresh repository, the tools in turn; those of the last run go on to the nights."""
        costs = {}
        for run in range(self.runs):
            tools = []
            for kind in (Varve, Borg, Restic, QemuImg):
                say(f"first backup, run {run + 1}: {kind.name}")
                tool = kind(self.scratch / f"{kind.name}-{run}", self.disk)
                measured.warm(self.disk)
                costs.setdefault(tool.name, []).append(tool.backup("0"))
                tools.append(tool)
            if run + 1 < self.runs:
                for tool in tools:
                    tool.remove()
        self.table.add_costs("first backup", costs)
        self.table.add_sizes("repository after it, MiB", {tool.name: tool.size_mib() for tool in tools})
        return tools

    def nights(self, tools):
        os.utime(self.disk)  # a running machine's image is never as old as the last backup
        self.table.add_costs("night without a change", self.one_night(tools, "unchanged"))
        costs = {tool.name: [] for tool in tools}
        blocks = []
        for night in NIGHTS:
            before = self.scratch / "before.raw"
            subprocess.run(["cp", "--sparse=always", self.disk, before], check=True)
            self.guest_does("night", self.guest, self.seed, night)
            blocks.append(changed_blocks(before, self.disk))
            before.unlink()
            for name, cost in self.one_night(tools, night).items():
                costs[name] += cost
        self.changed = f"{min(blocks):.1%} to {max(blocks):.1%}"
        self.table.add_costs("night (median of four)", costs)
        self.table.add_sizes("repository after four nights, MiB", {tool.name: tool.size_mib() for tool in tools})

    def one_night(self, tools, night):
        costs = {}
        for tool in tools:
            say(f"night {night}: {tool.name}")
            measured.warm(self.disk)
            costs[tool.name] = [tool.backup(night)]
        return costs

    def restores(self, tools):
        costs = {}
        for run in range(self.runs):
            for tool in tools:
                say(f"restore, run {run + 1}: {tool.name}")
                costs.setdefault(tool.name, []).append(self.restored(tool, NIGHTS[-1], self.disk))
        self.table.add_costs("restore of the last night to raw", costs)
        for tool in tools:
            say(f"restore of the first night: {tool.name}")
            self.restored(tool, "0", self.first_night)

    def restored(self, tool, night, expected):
        measured.warm(*(p for p in Path(tool.repository).rglob("*") if p.is_file()))
        cost, path = tool.restore(night)
        if subprocess.run(["cmp", path, expected]).returncode != 0:
            raise RuntimeError(f"{tool.name}: night {night} came back different")
        path.unlink()
        return cost

    def verifies(self, tools):
        costs = {}
        for tool in tools:
            say(f"check of all data: {tool.name}")
            measured.warm(*(p for p in Path(tool.repository).rglob("*") if p.is_file()))
            if (cost := tool.verify()) is not None:
                costs[tool.name] = [cost]
        self.table.add_costs("check of all data", costs)

    def restore_yardstick(self):
        """What varve's restore is held against: qemu-img from an uncompressed qcow2 to raw, beside varve's own restore
        of the same disk, in turn."""
        varve = Varve(self.scratch / "varve-yardstick", self.disk)
        varve.backup("last")
        plain, target = self.scratch / "plain.qcow2", self.scratch / "plain.raw"
        subprocess.run(["qemu-img", "convert", "-O", "qcow2", self.disk, plain], check=True)
        costs = {"varve": [], "qemu-img": []}
        for run in range(self.runs):
            say(f"restore beside qemu-img convert, run {run + 1}")
            costs["varve"].append(self.restored(varve, "last", self.disk))
            measured.warm(plain)
            costs["qemu-img"].append(measured.run(["qemu-img", "convert", "-O", "raw", str(plain), str(target)]))
            target.unlink()
        self.table.add_costs("restore to raw; qemu-img: from an uncompressed qcow2", costs)
        plain.unlink()
        varve.remove()

    # -- large virtual disks

    def diff_of_mostly_empty(self):
        say("diff of a mostly empty disk of 1 TiB")
        disk = HugeRaw(self.scratch / "empty.raw", TIB, 1 << 30, self.seed)
        disk.make()
        varve = Varve(self.scratch / "varve-empty", disk.path)
        varve.backup("0")
        disk.change(20)
        varve.backup("1")
        self.table.add_costs("diff of two nights, 1 TiB with 1,024 pages", {"varve": [varve.diff() for _ in range(9)]})
        varve.remove()
        os.unlink(disk.path)

    def huge(self, kind, format):
        disk = kind(self.scratch / f"huge.{format}", SIZE, self.huge_stride, self.seed)
        say(f"16 TiB as {format}: {disk.pages():,} pages far apart")
        disk.make()
        varve = Varve(self.scratch / f"varve-huge-{format}", disk.path)
        steps = {"first backup": lambda: varve.backup("0"), "night": lambda: varve.backup("1"), "diff": varve.diff,
                 "restore": lambda: varve.restore("1", f"disk.{format}")[0], "check of all data": varve.verify,
                 "comparison with the image": varve.verify_against_disk}
        for step, do in steps.items():
            if step == "night":
                disk.change(disk.pages() // 100)
            say(f"  {step}")
            self.table.add_costs(f"16 TiB {format}, {disk.pages():,} pages: {step}", {"varve": [do()]})
        varve.remove()
        os.unlink(disk.path)


def changed_blocks(before, after, block=4096):
    """The part of the disk's 4 KiB blocks that differ."""
    changed = 0
    with open(before, "rb") as one, open(after, "rb") as two:
        while (a := one.read(1 << 20)):
            b = two.read(1 << 20)
            if a != b:
                changed += sum(a[i:i + block] != b[i:i + block] for i in range(0, len(a), block))
        return changed * block / one.tell()


def main(scratch, mib, seed, runs, huge_stride_mib, result):
    bench = Bench(scratch, int(mib), seed, int(runs), int(huge_stride_mib))
    bench.run()
    facts = {"disk": f"{int(mib):,} MiB, seed {seed}", "changed a night": f"{bench.changed} of its 4 KiB blocks",
             "runs": f"median of {runs} where a step was repeated, the tools in turn"}
    Path(result).write_text(bench.table.markdown(facts))


if __name__ == "__main__":
    main(*sys.argv[1:])
