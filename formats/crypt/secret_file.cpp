#include "formats/crypt/secret_file.h"

#include <fcntl.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "formats/crypt/key_bytes.h"

namespace varve::crypt {
namespace {

/// Up to out.size() bytes of a file or pipe; fewer only at its end.
std::size_t read_to_end(const File& file, ByteSpan out) {
    std::size_t done = 0;
    while (done < out.size()) {
        const ssize_t got = ::read(file.fd(), out.data() + done, out.size() - done);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0)
            throw Error(ErrorCode::io,
                        fmt::format("the secret in '{}' cannot be read: {}", file.path(), std::strerror(errno)));
        if (got == 0) break;
        done += static_cast<std::size_t>(got);
    }
    return done;
}

}  // namespace

std::shared_ptr<const SecretFile> SecretFile::read(const std::string& path) {
    const File file = File::open(path, O_RDONLY);
    Bytes bytes(bytes_max + 1);
    const std::size_t size = read_to_end(file, bytes);
    if (size == 0) throw Error(ErrorCode::refused, fmt::format("'{}' is empty; a secret has at least one byte", path));
    if (size > bytes_max)
        throw Error(ErrorCode::refused,
                    fmt::format("'{}' is longer than {} bytes, the most that a secret has; pass the file that holds "
                                "the passphrase or the key",
                                path, bytes_max));
    const bool ends_in_newline = size > 1 && bytes[size - 1] == std::byte{'\n'};
    auto secret = std::make_shared<const SecretFile>(ByteView(bytes).first(size - (ends_in_newline ? 1 : 0)));
    clear_memory(bytes.data(), size);
    return secret;
}

SecretFile::~SecretFile() { clear_memory(secret_.data(), secret_.size()); }

}  // namespace varve::crypt
