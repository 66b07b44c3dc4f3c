#include "tests/fakes/memory_backend.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/base/error.h"

namespace varve {

class MemoryBackend::Upload final : public ObjectUpload {
public:
    Upload(MemoryBackend& backend, std::string name) : backend_(backend), name_(std::move(name)) {}
    void append(ByteView bytes) override { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
    PutResult commit() override { return backend_.put_if_absent(name_, bytes_); }

private:
    MemoryBackend& backend_;
    const std::string name_;
    Bytes bytes_;
};

MemoryBackend::MemoryBackend(const MemoryBackend& other) {
    const std::lock_guard lock(other.mutex_);
    objects_ = other.objects_;
}

PutResult MemoryBackend::put_if_absent(const std::string& name, ByteView bytes) {
    VARVE_CHECK(is_object_name(name));
    const std::scoped_lock lock(mutex_);
    return objects_.try_emplace(name, bytes.begin(), bytes.end()).second ? PutResult::stored : PutResult::exists;
}

std::unique_ptr<ObjectUpload> MemoryBackend::upload(const std::string& name) {
    VARVE_CHECK(is_object_name(name));
    return std::make_unique<Upload>(*this, name);
}

std::optional<Bytes> MemoryBackend::get(const std::string& name, ByteCount bytes_max) const {
    const std::scoped_lock lock(mutex_);
    const auto found = objects_.find(name);
    if (found == objects_.end()) return std::nullopt;
    if (found->second.size() > bytes_max.value)
        throw Error(ErrorCode::corrupt, fmt::format("'{}': expected at most {} bytes, found {}", locate(name),
                                                    bytes_max.value, found->second.size()));
    return found->second;
}

void MemoryBackend::get_range(const std::string& name, ByteOffset at, ByteSpan out) const {
    const std::scoped_lock lock(mutex_);
    const auto found = objects_.find(name);
    if (found == objects_.end()) throw Error(ErrorCode::not_found, fmt::format("'{}' does not exist", locate(name)));
    const ByteView bytes = found->second;
    const std::uint64_t there = bytes.size() - std::min<std::uint64_t>(at.value, bytes.size());
    if (there < out.size())
        throw Error(ErrorCode::corrupt, fmt::format("'{}' ends early: expected {} bytes at offset {}, found {}",
                                                    locate(name), out.size(), at.value, there));
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at.value), out.size(), out.begin());
}

std::optional<ByteCount> MemoryBackend::size(const std::string& name) const {
    const std::scoped_lock lock(mutex_);
    const auto found = objects_.find(name);
    if (found == objects_.end()) return std::nullopt;
    return ByteCount{found->second.size()};
}

std::vector<std::string> MemoryBackend::list(std::string_view prefix, std::string_view after) const {
    const std::scoped_lock lock(mutex_);
    std::vector<std::string> names;
    for (auto at = objects_.lower_bound(std::max(prefix, after)); at != objects_.end(); ++at) {
        if (!at->first.starts_with(prefix)) break;
        if (at->first > after) names.push_back(at->first);
    }
    return names;
}

void MemoryBackend::make_durable(const std::string& name) {
    if (!size(name)) throw Error(ErrorCode::not_found, locate(name) + " does not exist");
}

void MemoryBackend::remove(const std::string& name) {
    const std::scoped_lock lock(mutex_);
    objects_.erase(name);
}

std::string MemoryBackend::locate(std::string_view name) const { return "memory:" + std::string(name); }

void MemoryBackend::replace(const std::string& name, Bytes bytes) {
    const std::scoped_lock lock(mutex_);
    objects_[name] = std::move(bytes);
}

}  // namespace varve
