#pragma once
/// The secret of an encrypted image: a passphrase or a key file. It is read once, so that it may come from a pipe, and
/// is shared by everything that one command opens. Its memory is cleared at the end. Immutable; safe from many threads.

#include <memory>
#include <string>

#include "engine/base/bytes.h"

namespace varve::crypt {

class SecretFile {
public:
    /// A larger file is not a secret; cryptsetup has the same limit.
    static constexpr std::size_t bytes_max = std::size_t{8} << 20;

    /// All bytes of the file or pipe at `path`; of a newline at the end, one is dropped. Throws Error(not_found | io),
    /// Error(refused) for a file that is empty, longer than bytes_max, or a folder.
    static std::shared_ptr<const SecretFile> read(const std::string& path);

    explicit SecretFile(ByteView secret) : secret_(secret.begin(), secret.end()) {}
    ~SecretFile();
    SecretFile(const SecretFile&) = delete;
    SecretFile& operator=(const SecretFile&) = delete;

    ByteView bytes() const { return secret_; }

private:
    Bytes secret_;
};

using Secret = std::shared_ptr<const SecretFile>;  ///< null: none was given

}  // namespace varve::crypt
