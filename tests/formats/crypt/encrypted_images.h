#pragma once
/// Encrypted images by qemu-img, and qemu-img as the judge of those that varve writes.

#include <string>
#include <string_view>
#include <vector>

#include "formats/base/option_words.h"
#include "formats/crypt/secret_file.h"

namespace varve::crypt_test {

inline constexpr std::string_view usual_secret = "Mähdrescher 1";

crypt::Secret secret(std::string_view text = usual_secret);

/// The raw file as an encrypted image, by `qemu-img convert`.
void make_encrypted(const std::string& raw, const std::string& path, const std::string& format,
                    const OptionMap& options, std::string_view text = usual_secret);

/// An empty image, by `qemu-img create`; `options` may name a backing file, which has the same secret.
void create_encrypted(const std::string& path, const std::string& format, std::uint64_t size, const OptionMap& options);

/// Runs qemu-io's commands on an encrypted image, and on the encrypted image below it, if `backing_format` is given.
void qemu_io_encrypted(const std::string& path, const std::string& format, const std::vector<std::string>& commands,
                       const std::string& backing_format = "");

/// Adds the secret `text` as another key of a LUKS volume, in `slot`.
void add_key(const std::string& path, int slot, std::string_view text);

/// Whether qemu-img finds the bytes and the size of `raw` in the encrypted image.
bool is_same_to_qemu(const std::string& raw, const std::string& path, const std::string& format);

/// What `qemu-img check` prints about an encrypted qcow2 image; fails the test if it finds errors or leaks.
std::string qemu_check(const std::string& path);

}  // namespace varve::crypt_test
