#include "tests/fakes/fault_backend.h"

#include "engine/base/error.h"

namespace varve {
namespace {

[[noreturn]] void fail() { throw Error(ErrorCode::io, "the backend failed, as the test requested"); }

}  // namespace

class FaultBackend::Upload final : public ObjectUpload {
public:
    Upload(FaultBackend& backend, std::unique_ptr<ObjectUpload> inner) : backend_(backend), inner_(std::move(inner)) {}

    void append(ByteView bytes) override {
        const auto effect = backend_.next_write();
        if (!effect) return inner_->append(bytes);
        if (*effect == FaultEffect::torn) inner_->append(bytes.first(bytes.size() / 2));
        if (*effect == FaultEffect::reply_lost) inner_->append(bytes);
        fail();
    }

    PutResult commit() override {
        const auto effect = backend_.next_write();
        if (!effect) return inner_->commit();
        if (*effect == FaultEffect::reply_lost) inner_->commit();
        fail();
    }

private:
    FaultBackend& backend_;
    std::unique_ptr<ObjectUpload> inner_;
};

void FaultBackend::fail_at(std::uint64_t n, FaultEffect effect, FaultSpan span) {
    const std::scoped_lock lock(mutex_);
    operations_ = 0;
    has_failed_ = false;
    fails_at_ = n;
    effect_ = effect;
    span_ = span;
}

void FaultBackend::heal() { fail_at(0, FaultEffect::not_done, FaultSpan::once); }

std::optional<FaultEffect> FaultBackend::next() const {
    const std::scoped_lock lock(mutex_);
    const std::uint64_t operation = ++operations_;
    if (fails_at_ == 0 || operation < fails_at_) return std::nullopt;
    if (operation > fails_at_)
        return span_ == FaultSpan::from_then ? std::optional(FaultEffect::not_done) : std::nullopt;
    has_failed_ = true;
    return effect_;
}

std::optional<FaultEffect> FaultBackend::next_write() const { return next(); }

/// Reads change nothing, so whatever the effect, only the answer is lost. After a crash they fail too, counted or not.
void FaultBackend::next_read() const {
    if (scope_ == FaultScope::writes) {
        if (has_failed_ && span_ == FaultSpan::from_then) fail();
        return;
    }
    if (next()) fail();
}

PutResult FaultBackend::put_if_absent(const std::string& name, ByteView bytes) {
    const auto effect = next_write();
    if (!effect) return inner_.put_if_absent(name, bytes);
    if (*effect == FaultEffect::reply_lost) inner_.put_if_absent(name, bytes);
    fail();
}

std::unique_ptr<ObjectUpload> FaultBackend::upload(const std::string& name) {
    if (next_write()) fail();
    return std::make_unique<Upload>(*this, inner_.upload(name));
}

std::optional<Bytes> FaultBackend::get(const std::string& name, ByteCount bytes_max) const {
    next_read();
    return inner_.get(name, bytes_max);
}

void FaultBackend::get_range(const std::string& name, ByteOffset at, ByteSpan out) const {
    next_read();
    inner_.get_range(name, at, out);
}

std::optional<ByteCount> FaultBackend::size(const std::string& name) const {
    next_read();
    return inner_.size(name);
}

std::vector<std::string> FaultBackend::list(std::string_view prefix, std::string_view after) const {
    next_read();
    return inner_.list(prefix, after);
}

void FaultBackend::make_durable(const std::string& name) {
    const auto effect = next_write();
    if (!effect) return inner_.make_durable(name);
    if (*effect == FaultEffect::reply_lost) inner_.make_durable(name);
    fail();
}

void FaultBackend::remove(const std::string& name) {
    const auto effect = next_write();
    if (!effect) return inner_.remove(name);
    if (*effect == FaultEffect::reply_lost) inner_.remove(name);
    fail();
}

}  // namespace varve
