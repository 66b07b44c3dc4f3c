"""A raw image with one ext4 file system, changed from outside as its guest would change it: no mount, no root.

debugfs places files and lists their blocks; contents of existing files are then written straight into those blocks, so
that a changed database page changes its own bytes of the image and nothing else.
"""

import re
import subprocess

BLOCK = 4096
FIRST_NIGHT = 1_790_000_000  # the guest's clock, so that inode times are the same in every run
EXTENT = re.compile(r"^\s*\d+/\s*\d+\s+\d+/\s*\d+\s+(\d+) -\s+(\d+)\s+(\d+) -\s+(\d+)\s+\d+\s*$")


class GuestDisk:
    """The image at `path`; `now` is the guest's time of the next changes."""

    def __init__(self, path):
        self.path = path
        self.now = FIRST_NIGHT

    def make(self, mib, uuid):
        with open(self.path, "wb") as image:
            image.truncate(mib << 20)
        options = f"lazy_itable_init=1,lazy_journal_init=1,hash_seed={uuid}"
        subprocess.run(
            ["mke2fs", "-q", "-F", "-t", "ext4", "-b", str(BLOCK), "-m", "0", "-U", uuid, "-E", options, self.path],
            check=True, stdout=subprocess.DEVNULL, env=self._environment())

    def commands(self, lines):
        """Runs debugfs commands; an error that debugfs prints is raised."""
        script = "".join(line + "\n" for line in [f"set_current_time @{self.now}", *lines])
        done = subprocess.run(["debugfs", "-w", "-f", "-", self.path], input=script, text=True, check=True,
                              capture_output=True, env=self._environment())
        errors = [line for line in done.stderr.splitlines() if not line.startswith("debugfs 1.")]
        if errors:
            raise RuntimeError(f"debugfs: {errors[0]} (and {len(errors) - 1} more)")
        return done.stdout

    def sync_file(self, host_path, guest_path):
        """Makes the guest's file equal to the host's by writing the 4 KiB blocks that differ, in place; what it grew
        by gets new blocks. Returns the number of blocks written."""
        with open(host_path, "rb") as source:
            size = source.seek(0, 2)
            blocks = (size + BLOCK - 1) // BLOCK
            known = self._extents(guest_path)
            mapped = {first + i for first, _, length in known for i in range(length)}
            missing = [i for i in range(blocks) if i not in mapped]  # what it grew by, and holes for zeros
            if missing:
                self.commands([f'bmap -a "{guest_path}" {i}' for i in missing])
                known = self._extents(guest_path)
            self.commands([f'set_inode_field "{guest_path}" size {size}',
                           f'set_inode_field "{guest_path}" mtime @{self.now}'])
            return self._write_differing(source, known)

    def check(self):
        subprocess.run(["e2fsck", "-f", "-n", self.path], check=True, capture_output=True)

    def _write_differing(self, source, extents):
        written = 0
        with open(self.path, "r+b") as image:
            for logical, physical, length in extents:
                source.seek(logical * BLOCK)
                for i in range(length):
                    new = source.read(BLOCK).ljust(BLOCK, b"\0")
                    image.seek((physical + i) * BLOCK)
                    if image.read(BLOCK) != new:
                        image.seek((physical + i) * BLOCK)
                        image.write(new)
                        written += 1
        return written

    def _extents(self, guest_path):
        """(first block of the file, first block of the disk, count) of each extent."""
        done = subprocess.run(["debugfs", "-R", f'dump_extents -l "{guest_path}"', self.path], check=True, text=True,
                              capture_output=True)
        rows = [EXTENT.match(line) for line in done.stdout.splitlines()]
        return [(int(m[1]), int(m[3]), int(m[2]) - int(m[1]) + 1) for m in rows if m]

    def _environment(self):
        return {"PATH": "/usr/sbin:/sbin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "E2FSPROGS_FAKE_TIME": str(self.now)}
