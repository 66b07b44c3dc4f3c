"""Virtual disks of 16 TiB with little in them: one page of 4 KiB in each stride, as a sparse raw file and as a qcow2.

The qcow2 is written here, not by qemu-img, which would fill every touched cluster on the host: all L2 tables exist and
every data cluster has its page, but the host keeps only the pages written.
"""

import os
import random
import struct

PAGE = 4096
CLUSTER = 65536
TIB = 1 << 40
SIZE = 16 * TIB - (1 << 20)  # an ext4 file ends just short of 16 TiB


class HugeDisk:
    """Page i of the guest is at i strides plus a bit; `host_offset` gives its place in the file."""

    def __init__(self, path, size, stride, seed):
        self.path, self.size, self.stride = str(path), size, stride
        self.random = random.Random(seed)

    def pages(self):
        return self.size // self.stride

    def guest_offset(self, page):
        return page * self.stride + CLUSTER * (page % 64)

    def make(self):
        with open(self.path, "wb") as file:
            self.write_metadata(file)
            for page in range(self.pages()):
                self.write_page(file, page)

    def change(self, count):
        with open(self.path, "r+b") as file:
            for page in self.random.sample(range(self.pages()), count):
                self.write_page(file, page)

    def write_page(self, file, page):
        os.pwrite(file.fileno(), self.random.randbytes(PAGE), self.host_offset(page))


class HugeRaw(HugeDisk):
    def write_metadata(self, file):
        file.truncate(self.size)

    def host_offset(self, page):
        return self.guest_offset(page)


class HugeQcow2(HugeDisk):
    """Clusters in the file: header, L1, refcount table, refcount blocks, L2 tables, data. All have refcount 1."""

    def __init__(self, path, size, stride, seed):
        super().__init__(path, size, stride, seed)
        entries = CLUSTER // 8
        self.l2_count = -(-size // (CLUSTER * entries))
        self.l1_clusters = -(-self.l2_count // entries)
        fixed = 1 + self.l1_clusters + 1 + self.l2_count + self.pages()
        self.block_count = -(-(fixed * 2 + 4096) // CLUSTER)  # two bytes a cluster; some to spare for its own
        self.table_at = 1 + self.l1_clusters
        self.l2_at = self.table_at + 1 + self.block_count
        self.data_at = self.l2_at + self.l2_count
        self.clusters = self.data_at + self.pages()
        assert self.block_count <= entries and self.clusters <= self.block_count * CLUSTER // 2

    def host_offset(self, page):
        return (self.data_at + page) * CLUSTER

    def write_metadata(self, file):
        file.truncate(self.clusters * CLUSTER)
        bits = CLUSTER.bit_length() - 1
        header = struct.pack(">4sIQIIQIIQQIIQQQQII", b"QFI\xfb", 3, 0, 0, bits, self.size, 0, self.l2_count, CLUSTER,
                             self.table_at * CLUSTER, 1, 0, 0, 0, 0, 0, 4, 104)
        os.pwrite(file.fileno(), header, 0)
        copied = 1 << 63
        l1 = [copied | (self.l2_at + i) * CLUSTER for i in range(self.l2_count)]
        os.pwrite(file.fileno(), struct.pack(f">{len(l1)}Q", *l1), CLUSTER)
        blocks = [(self.table_at + 1 + i) * CLUSTER for i in range(self.block_count)]
        os.pwrite(file.fileno(), struct.pack(f">{len(blocks)}Q", *blocks), self.table_at * CLUSTER)
        os.pwrite(file.fileno(), b"\0\1" * self.clusters, (self.table_at + 1) * CLUSTER)
        for page in range(self.pages()):
            l2, index = divmod(self.guest_offset(page) // CLUSTER, CLUSTER // 8)
            os.pwrite(file.fileno(), struct.pack(">Q", copied | self.host_offset(page)),
                      (self.l2_at + l2) * CLUSTER + index * 8)
