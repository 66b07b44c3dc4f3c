#!/usr/bin/env python3
"""The life of a virtual machine's disk, the same for the same seed on the same machine.

  guest.py make  FOLDER MIB SEED     FOLDER/disk.raw as it is before the first night
  guest.py night FOLDER SEED NIGHT   what the guest does in one day, inside the same file

What is on it, in parts of the disk's size: 40 % files of the Debian packages installed on this machine, 8 % two SQLite
databases (pages of 8 and 16 KiB), 6 % text logs, 12 % media (random bytes); the rest is free. A day rewrites rows all
over the databases and adds some, appends to the logs, upgrades programs, rewrites small files, adds a video and
deletes one. All of it through GuestDisk: pages and appended blocks are written in place.
"""

import os
import random
import sqlite3
import subprocess
import sys
import uuid
from contextlib import closing
from pathlib import Path

from guest_disk import GuestDisk

PACKAGES, DATABASES, LOGS, MEDIA = 0.40, 0.08, 0.06, 0.12
MEDIA_FILE = 1 / 256  # of the disk, each
PAGE_SIZES = (8192, 16384)
WORDS = ("order invoice shipped pending customer reference street bridge harbour winter paper lamp window garden "
         "north copper silver engine bottle market teacher river mountain letter kitchen").split()


class Guest:
    def __init__(self, folder, seed, night):
        self.folder = Path(folder)
        self.kept = self.folder / "guest"  # the host's copies of what grows or is changed in place
        self.random = random.Random(f"{seed} {night}")
        self.night = night
        self.disk = GuestDisk(str(self.folder / "disk.raw"))
        self.disk.now += 86400 * night

    @property
    def mib(self):
        return (self.folder / "disk.raw").stat().st_size >> 20

    # -- the disk before the first night

    def make(self, mib, seed):
        self.kept.mkdir(parents=True)
        self.disk.make(mib, str(uuid.uuid5(uuid.NAMESPACE_OID, f"disk {seed}")))
        commands = ["mkdir /var", "mkdir /var/log", "mkdir /srv", "mkdir /srv/media", "mkdir /home"]
        commands += self._package_files(int(mib * PACKAGES) << 20)
        self.disk.commands(commands)
        for page_size in PAGE_SIZES:
            self._make_database(page_size, int(mib * DATABASES / len(PAGE_SIZES)) << 20)
        for name in self._logs():
            self._append_log(name, int(mib * LOGS / len(self._logs())) << 20)
        names = [f"db{page_size}" for page_size in PAGE_SIZES] + self._logs()
        self.disk.commands([f'write "{self.kept / name}" {guest_path(name)}' for name in names])
        for i in range(int(MEDIA / MEDIA_FILE)):
            self._write_media(f"0-{i}")

    def _package_files(self, budget):
        """The regular files of packages in the seed's order, with their folders, until the budget is used."""
        lists = sorted(Path("/var/lib/dpkg/info").glob("*.list"))
        self.random.shuffle(lists)
        commands, taken = [], []
        folders = {"/", "/var", "/var/log", "/srv", "/srv/media", "/home"}
        for package in lists:
            for path in package.read_text().splitlines():
                if not is_plain_file(path) or '"' in path or not os.access(path, os.R_OK):
                    continue
                size = os.path.getsize(path)
                if size > budget:
                    continue
                budget -= size
                for parent in reversed(Path(path).parents):
                    if str(parent) not in folders:
                        folders.add(str(parent))
                        commands.append(f'mkdir "{parent}"')
                commands.append(f'write "{path}" "{path}"')
                taken.append(path)
        (self.folder / "files").write_text("\n".join(taken))
        return commands

    # -- a day

    def day(self):
        for page_size in PAGE_SIZES:
            self._use_database(page_size)
        for name in self._logs():
            self._append_log(name, int(self.mib * 0.003 / len(self._logs()) * (1 << 20)))
        for name in [f"db{page_size}" for page_size in PAGE_SIZES] + self._logs():
            self.disk.sync_file(self.kept / name, guest_path(name))
        self._upgrade_files(int(self.mib * 0.006 * (1 << 20)))
        self._write_media(f"{self.night}-0")
        self.disk.commands([f"rm /srv/media/video-0-{self.night}"])

    def _upgrade_files(self, budget):
        """Programs come back recompiled: the same file with some of its bytes changed, written as a new file."""
        files = (self.folder / "files").read_text().splitlines()
        self.random.shuffle(files)
        commands = []
        scratch = self.folder / "upgraded"
        scratch.mkdir(exist_ok=True)
        for path in files:
            content = bytearray(Path(path).read_bytes())
            if len(content) > budget:
                continue
            budget -= len(content)
            for _ in range(len(content) // 2000 + 1):
                at = self.random.randrange(len(content) + 1)
                content[at:at + 8] = self.random.randbytes(8)
            copy = scratch / str(len(commands))
            copy.write_bytes(content)
            commands += [f'rm "{path}"', f'write "{copy}" "{path}"']
            if budget < 4096:
                break
        self.disk.commands(commands)
        subprocess.run(["rm", "-r", str(scratch)], check=True)

    # -- databases

    def _make_database(self, page_size, size):
        with closing(self._open_database(page_size)) as database, database:
            database.execute(f"PRAGMA page_size = {page_size}")
            database.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT, state TEXT, note TEXT)")
            database.execute("CREATE INDEX by_customer ON orders (customer)")
            rows = 0
            while self._bytes_of(database) < size:
                self._insert(database, rows, 5000)
                rows += 5000

    def _use_database(self, page_size):
        """Rows change all over the table, most of them among the newest; each keeps its length."""
        with closing(self._open_database(page_size)) as database, database:
            rows = database.execute("SELECT max(id) FROM orders").fetchone()[0]
            for i in range(rows // 600):
                where = self.random.randrange(rows) if i % 3 else rows - self.random.randrange(rows // 20)
                state = f"{self.random.randrange(10**8):08}"
                database.execute("UPDATE orders SET state = ? WHERE id = ?", (state, where))
            self._insert(database, rows + 1, rows // 200)

    def _open_database(self, page_size):
        database = sqlite3.connect(self.kept / f"db{page_size}")
        database.execute("PRAGMA journal_mode = MEMORY")
        database.execute("PRAGMA synchronous = OFF")
        return database

    def _insert(self, database, first, count):
        def row(i):
            note = " ".join(self.random.choices(WORDS, k=self.random.randrange(8, 40)))
            return i, f"customer {self.random.randrange(10**6)}", f"{self.random.randrange(10**8):08}", note
        database.executemany("INSERT INTO orders VALUES (?, ?, ?, ?)", (row(first + i) for i in range(count)))

    @staticmethod
    def _bytes_of(database):
        return (database.execute("PRAGMA page_count").fetchone()[0]
                * database.execute("PRAGMA page_size").fetchone()[0])

    # -- logs and media

    @staticmethod
    def _logs():
        return ["access.log", "system.log"]

    def _append_log(self, name, size):
        second = self.disk.now
        with open(self.kept / name, "ab") as log:
            end = log.tell() + size
            while log.tell() < end:
                lines = []
                for _ in range(1000):
                    second += self.random.randrange(2)
                    lines.append(f"{second} 10.0.{self.random.randrange(256)}.{self.random.randrange(256)} GET "
                                 f"/{self.random.choice(WORDS)}/{self.random.choice(WORDS)}"
                                 f"?id={self.random.randrange(10**6)} 200 {self.random.randrange(10**5)}\n")
                log.write("".join(lines).encode())

    def _write_media(self, name):
        scratch = self.folder / "video"
        scratch.write_bytes(self.random.randbytes(int(self.mib * MEDIA_FILE * (1 << 20))))
        self.disk.commands([f'write "{scratch}" /srv/media/video-{name}'])
        scratch.unlink()


def is_plain_file(path):
    return os.path.isfile(path) and not os.path.islink(path)


def guest_path(name):
    return f"/var/log/{name}" if name.endswith(".log") else f"/srv/{name}"


def main(arguments):
    match arguments:
        case ["make", folder, mib, seed]:
            Guest(folder, seed, 0).make(int(mib), seed)
        case ["night", folder, seed, night]:
            guest = Guest(folder, seed, int(night))
            guest.day()
            guest.disk.check()
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
