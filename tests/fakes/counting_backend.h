#pragma once
/// A backend that remembers which objects are read. For one thread.

#include <set>
#include <string>

#include "store/backend/backend.h"

namespace varve::fakes {

class CountingBackend final : public Backend {
public:
    explicit CountingBackend(Backend& inner) : inner_(inner) {}

    /// Those of which bytes, or the size, were asked for since the last forget_reads().
    const std::set<std::string>& objects_read() const { return objects_read_; }
    void forget_reads() { objects_read_.clear(); }

    PutResult put_if_absent(const std::string& name, ByteView bytes) override {
        return inner_.put_if_absent(name, bytes);
    }
    std::unique_ptr<ObjectUpload> upload(const std::string& name) override { return inner_.upload(name); }
    std::optional<Bytes> get(const std::string& name, ByteCount bytes_max) const override {
        objects_read_.insert(name);
        return inner_.get(name, bytes_max);
    }
    void get_range(const std::string& name, ByteOffset at, ByteSpan out) const override {
        objects_read_.insert(name);
        inner_.get_range(name, at, out);
    }
    std::optional<ByteCount> size(const std::string& name) const override {
        objects_read_.insert(name);
        return inner_.size(name);
    }
    std::vector<std::string> list(std::string_view prefix, std::string_view after) const override {
        return inner_.list(prefix, after);
    }
    void make_durable(const std::string& name) override { inner_.make_durable(name); }
    void remove(const std::string& name) override { inner_.remove(name); }
    std::string locate(std::string_view name) const override { return inner_.locate(name); }

private:
    Backend& inner_;
    mutable std::set<std::string> objects_read_;
};

}  // namespace varve::fakes
