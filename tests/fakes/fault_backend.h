#pragma once
/// A backend whose n-th operation fails in one of the ways in which real ones fail. Counts operations, so that a test
/// can loop over n until a run ends without a failure. Safe to use from many threads.

#include <atomic>
#include <mutex>

#include "store/backend/backend.h"

namespace varve {

/// What the failing operation did before it threw Error(io).
enum class FaultEffect {
    not_done,    ///< nothing happened
    reply_lost,  ///< it happened, only the answer was lost
    torn,        ///< an append wrote half of its bytes; a put or commit wrote some but gave no name
};

/// What happens after the failing operation.
enum class FaultSpan {
    once,       ///< the place works again
    from_then,  ///< every later operation fails too, as after a crash of this program
};

/// Which operations count and can therefore fail.
enum class FaultScope { writes, all };

class FaultBackend final : public Backend {
public:
    explicit FaultBackend(Backend& inner, FaultScope scope = FaultScope::all) : inner_(inner), scope_(scope) {}

    /// The `n`-th counted operation from now (from 1) fails.
    void fail_at(std::uint64_t n, FaultEffect effect, FaultSpan span);
    /// Nothing fails from now on.
    void heal();
    bool has_failed() const { return has_failed_; }
    /// Counted operations since construction, fail_at() or heal().
    std::uint64_t operations() const { return operations_; }

    PutResult put_if_absent(const std::string& name, ByteView bytes) override;
    std::unique_ptr<ObjectUpload> upload(const std::string& name) override;
    std::optional<Bytes> get(const std::string& name, ByteCount bytes_max) const override;
    void get_range(const std::string& name, ByteOffset at, ByteSpan out) const override;
    std::optional<ByteCount> size(const std::string& name) const override;
    std::vector<std::string> list(std::string_view prefix, std::string_view after) const override;
    void make_durable(const std::string& name) override;
    void remove(const std::string& name) override;
    std::string locate(std::string_view name) const override { return inner_.locate(name); }

private:
    class Upload;
    /// nullopt: the operation succeeds.
    std::optional<FaultEffect> next_write() const;
    void next_read() const;
    std::optional<FaultEffect> next() const;

    Backend& inner_;
    const FaultScope scope_;
    mutable std::mutex mutex_;
    mutable std::atomic<std::uint64_t> operations_{0};
    mutable std::atomic<bool> has_failed_{false};
    std::uint64_t fails_at_ = 0;  ///< 0: never
    FaultEffect effect_ = FaultEffect::not_done;
    FaultSpan span_ = FaultSpan::once;
};

}  // namespace varve
