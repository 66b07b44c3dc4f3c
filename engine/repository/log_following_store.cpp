#include "engine/repository/log_following_store.h"

#include "engine/base/error.h"
#include "engine/repository/catalog_sync.h"

namespace varve {

/// Brings the catalog up to date; false when the log has nothing newer than `seen`.
bool LogFollowingStore::read_on(LogNumber seen) const {
    const std::lock_guard lock(mutex_);
    NoProgress quiet;
    return catch_up(repository_, quiet).number > seen;
}

template <typename Read>
auto LogFollowingStore::follow(const Read& read) const {
    while (true) {
        const LogNumber seen = repository_.catalog.head().number;
        try {
            return read();
        } catch (const Error& error) {
            if (error.code() != ErrorCode::not_found || !read_on(seen)) throw;
        }
    }
}

void LogFollowingStore::get(std::span<const ChunkAddress> addresses, const ChunkSink& sink) const {
    follow([&] { repository_.chunks.get(addresses, sink); });
}

Bytes LogFollowingStore::get_metadata(const ChunkAddress& address, SlotKind kind) const {
    return follow([&] { return repository_.chunks.get_metadata(address, kind); });
}

ChunkStore::CheckedPack LogFollowingStore::check_pack(const PackFacts& facts, PackCheck check,
                                                      const std::function<void(const PackDamage&)>& damage) const {
    return follow([&] { return repository_.chunks.check_pack(facts, check, damage); });
}

}  // namespace varve
