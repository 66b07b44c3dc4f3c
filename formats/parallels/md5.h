#pragma once
/// MD5 (RFC 1321), the checksum of a format extension. Against damage only: it protects from no attacker.

#include <array>
#include <memory>

#include "engine/base/bytes.h"

namespace varve::parallels {

class Md5 {
public:
    using Sum = std::array<std::byte, 16>;

    /// Whether this host's policy allows it; without that, constructing one is a programmer error.
    static bool is_available();

    Md5();
    ~Md5();

    void update(ByteView bytes);
    /// Of everything so far; once, as the last call.
    Sum finish();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace varve::parallels
