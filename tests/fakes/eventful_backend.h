#pragma once
/// A backend in front of whose n-th operation something else happens, once: what another program does at that moment.
/// The event must use another backend over the same place. Safe to use from many threads.

#include <atomic>
#include <exception>
#include <functional>
#include <utility>

#include "store/backend/backend.h"

namespace varve {

class EventfulBackend final : public Backend {
public:
    explicit EventfulBackend(Backend& inner) : inner_(inner) {}

    /// `event` runs before the `n`-th operation from now (from 1).
    void at(std::uint64_t n, std::function<void()> event) {
        operations_ = 0;
        at_ = n;
        event_ = std::move(event);
    }

    /// Nothing happens any more. Throws what the event threw; false: it did not take place.
    bool settle() {
        const bool has_happened = at_ != 0 && operations_ >= at_;
        at_ = 0;
        if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
        return has_happened;
    }

    PutResult put_if_absent(const std::string& name, ByteView bytes) override {
        count();
        return inner_.put_if_absent(name, bytes);
    }
    std::unique_ptr<ObjectUpload> upload(const std::string& name) override {
        count();
        return inner_.upload(name);
    }
    std::optional<Bytes> get(const std::string& name, ByteCount bytes_max) const override {
        count();
        return inner_.get(name, bytes_max);
    }
    void get_range(const std::string& name, ByteOffset at, ByteSpan out) const override {
        count();
        inner_.get_range(name, at, out);
    }
    std::optional<ByteCount> size(const std::string& name) const override {
        count();
        return inner_.size(name);
    }
    std::vector<std::string> list(std::string_view prefix, std::string_view after) const override {
        count();
        return inner_.list(prefix, after);
    }
    void make_durable(const std::string& name) override {
        count();
        inner_.make_durable(name);
    }
    void remove(const std::string& name) override {
        count();
        inner_.remove(name);
    }
    std::string locate(std::string_view name) const override { return inner_.locate(name); }

private:
    void count() const {
        if (++operations_ != at_) return;
        try {
            event_();
        } catch (...) {
            failure_ = std::current_exception();
        }
    }

    Backend& inner_;
    mutable std::atomic<std::uint64_t> operations_{0};
    std::atomic<std::uint64_t> at_{0};
    std::function<void()> event_;
    mutable std::exception_ptr failure_;
};

}  // namespace varve
