#pragma once
/// Shared by the reader tests: whole disks in memory, and qemu-img and qemu-io as the tools that make images and as the
/// oracle for their contents.

#include <random>
#include <string>
#include <vector>

#include "engine/base/digest.h"
#include "engine/image/image_reader.h"
#include "formats/open_image.h"
#include "tests/support/writer_support.h"

namespace varve::reader_test {

using writer_test::ScratchFolder;
using writer_test::write_file;

Bytes read_all(const ImageReader& reader);
/// SHA-256 of all guest bytes, read in pieces, followed by zeros up to `padded_bytes`.
Digest digest_of(const ImageReader& reader, std::uint64_t padded_bytes = 0);

/// Runs qemu-img and returns its output; fails the test with it unless qemu-img succeeds.
std::string qemu_img(std::vector<std::string> arguments);
/// Runs qemu-io's commands one by one on an image. Any of them may fail because of the format (a compressed write in a
/// version without compression), as the oracle reads the result.
void qemu_io(const std::string& path, const std::string& format, const std::vector<std::string>& commands);
/// Writes of all kinds for qemu_io; compressed writes cover whole clusters.
std::vector<std::string> random_commands(std::mt19937_64& random, std::uint64_t size, std::uint64_t cluster, int count,
                                         bool compressed = true);
/// The guest bytes according to `qemu-img convert -O raw`.
Bytes qemu_bytes(const std::string& path, const std::string& format);

/// The kind of each 512-byte sector according to the reader's extents.
std::vector<ExtentKind> sector_kinds(const ImageReader& reader);

/// The kind of each `unit` of the disk: data if any of it is, although parts may lie in holes of the file; else zero if
/// any of it is.
std::vector<ExtentKind> unit_kinds(const ImageReader& reader, ByteCount unit);
/// The same from `qemu-img map --output=json`. What qemu reports is translated like this:
/// - beyond the size of the layer at "depth": unallocated (qemu counts the end of a short layer as allocated zeros);
/// - "data": data, even where the file below has a hole ("data" and "zero" both true: preallocated clusters);
/// - not "data" in a raw layer: unallocated (a hole; qemu calls it "present" and "zero");
/// - not "data" but "present" in a qcow2 layer: zero; not "present": unallocated.
/// `layers` are the chain's, top first.
std::vector<ExtentKind> qemu_sector_kinds(const std::string& path, const std::string& format,
                                          const std::vector<LayerInfo>& layers);

/// Compares size, bytes and kinds of the image at `path` with qemu's view of it. Where varve finds zeros and qemu data,
/// the bytes decide: qemu looks for holes in the file below only in images that it takes for preallocated.
void compare_with_qemu(const std::string& path, const std::string& format);

/// The text of the Error that opening (and reading) `path` throws; empty if it does not throw.
std::string refusal_of(const std::string& path, const OpenOptions& options = {});

}  // namespace varve::reader_test
