#pragma once
/// A repository in memory, for tests and for trying the engine without a disk. Everything is durable at once, and lost
/// with the object.

#include <functional>
#include <map>
#include <mutex>

#include "store/backend/backend.h"

namespace varve {

class MemoryBackend final : public Backend {
public:
    MemoryBackend() = default;
    /// One with the same objects.
    MemoryBackend(const MemoryBackend& other);
    MemoryBackend& operator=(const MemoryBackend&) = delete;
    PutResult put_if_absent(const std::string& name, ByteView bytes) override;
    std::unique_ptr<ObjectUpload> upload(const std::string& name) override;
    std::optional<Bytes> get(const std::string& name, ByteCount bytes_max) const override;
    void get_range(const std::string& name, ByteOffset at, ByteSpan out) const override;
    std::optional<ByteCount> size(const std::string& name) const override;
    std::vector<std::string> list(std::string_view prefix, std::string_view after) const override;
    void make_durable(const std::string& name) override;
    void remove(const std::string& name) override;
    std::string locate(std::string_view name) const override;

    /// Replaces the object of this name by `bytes`, to simulate damage.
    void replace(const std::string& name, Bytes bytes);

private:
    class Upload;
    mutable std::mutex mutex_;
    std::map<std::string, Bytes, std::less<>> objects_;
};

}  // namespace varve
