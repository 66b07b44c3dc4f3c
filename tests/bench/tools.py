"""varve and its peers, each with the same few verbs. A tool keeps everything in a folder of its own."""

import os
import shutil
import subprocess
from pathlib import Path

import measured


class Tool:
    """`disk` is the image; backup() takes it as it is now, under the name `night`."""

    name = ""

    def __init__(self, folder, disk):
        self.folder = Path(folder)
        self.folder.mkdir()
        self.disk = str(disk)
        self.repository = str(self.folder / "repository")
        self.env = dict(os.environ, **self.settings())
        self.prepare()

    def settings(self):
        return {}

    def prepare(self):
        pass

    def run(self, *command, cwd=None):
        return measured.run(command, cwd=cwd, env=self.env)

    def quietly(self, *command):
        subprocess.run(command, env=self.env, check=True, capture_output=True, stdin=subprocess.DEVNULL)

    def size_mib(self):
        return measured.bytes_on_disk(self.repository)

    def restore(self, night, name="disk.raw"):
        """The cost, and the restored file, which the caller removes. borg and restic keep the file's own name."""
        target = self.folder / "restored"
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        return self.restore_into(night, target / name), next(p for p in target.rglob("*") if p.is_file())

    def remove(self):
        shutil.rmtree(self.folder)


class Varve(Tool):
    name = "varve"

    def settings(self):
        return {"VARVE_REPO": self.repository, "VARVE_CACHE_DIR": str(self.folder / "cache")}

    def prepare(self):
        self.varve = os.environ["VARVE"]
        self.quietly(self.varve, "init")
        self.nights = []

    def backup(self, night):
        self.nights.append(night)
        time = f"2026-01-{len(self.nights):02}"
        return self.run(self.varve, "backup", "-q", "--disk", "disk", "--time", time, self.disk)

    def restore_into(self, night, target):
        back = len(self.nights) - 1 - self.nights.index(night)
        return self.run(self.varve, "restore", "-q", f"disk@~{back}", "--to", str(target))

    def verify(self):
        return self.run(self.varve, "verify", "-q")

    def diff(self):
        return self.run(self.varve, "diff", "disk@~1", "disk@latest")

    def verify_against_disk(self):
        return self.run(self.varve, "verify", "-q", "disk@latest", "--against", self.disk)


class Borg(Tool):
    name = "borg"

    def settings(self):
        return {"BORG_BASE_DIR": str(self.folder / "base"), "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes"}

    def prepare(self):
        self.quietly("borg", "init", "--encryption", "none", self.repository)

    def backup(self, night):
        return self.run("borg", "create", "--chunker-params", "fixed,65536", "--compression", "zstd,3",
                        f"{self.repository}::{night}", self.disk)

    def restore_into(self, night, target):
        return self.run("borg", "extract", "--sparse", f"{self.repository}::{night}", cwd=target.parent)

    def verify(self):
        return self.run("borg", "check", "--verify-data", self.repository)


class Restic(Tool):
    name = "restic"

    def settings(self):
        return {"RESTIC_REPOSITORY": self.repository, "RESTIC_PASSWORD": "bench",
                "RESTIC_CACHE_DIR": str(self.folder / "cache")}

    def prepare(self):
        self.quietly("restic", "init", "--repository-version", "2")

    def backup(self, night):
        return self.run("restic", "backup", "--quiet", "--host", f"night-{night}", self.disk)

    def restore_into(self, night, target):
        return self.run("restic", "restore", "latest", "--host", f"night-{night}", "--target", str(target.parent))

    def verify(self):
        return self.run("restic", "check", "--read-data")


class QemuImg(Tool):
    """A compressed qcow2, then each night an overlay that holds what differs from the night before."""

    name = "qemu-img"

    def prepare(self):
        os.mkdir(self.repository)
        self.nights = []

    def file_of(self, night):
        return f"{self.repository}/{night}.qcow2"

    def backup(self, night):
        image = self.file_of(night)
        if not self.nights:
            command = f"qemu-img convert -O qcow2 -c -o compression_type=zstd '{self.disk}' '{image}'"
        else:
            command = (f"qemu-img create -q -f qcow2 -F raw -b '{self.disk}' '{image}' && "
                       f"qemu-img rebase -F qcow2 -b '{self.file_of(self.nights[-1])}' '{image}'")
        self.nights.append(night)
        return self.run("sh", "-c", command)

    def restore_into(self, night, target):
        return self.run("qemu-img", "convert", "-O", "raw", self.file_of(night), str(target))

    def verify(self):
        return None  # it keeps no checksums of data
