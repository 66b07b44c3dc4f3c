#pragma once
/// What every Backend must do: run over each implementation by tests/store/backend/backend_contract_test.cpp.

#include <atomic>
#include <functional>
#include <memory>
#include <thread>

#include "engine/base/error.h"
#include "store/backend/backend.h"
#include "tests/catch.h"

namespace varve::backend_contract {

inline Bytes pattern(std::size_t length, unsigned seed) {
    Bytes bytes(length);
    for (std::size_t i = 0; i < length; ++i) bytes[i] = static_cast<std::byte>((i * 31 + seed * 7 + i / 251) & 0xff);
    return bytes;
}

template <typename Call>
ErrorCode error_of(const Call& call) {
    try {
        call();
    } catch (const Error& error) {
        return error.code();
    }
    FAIL("expected an Error");
    return ErrorCode::usage;
}

inline void objects_are_whole_and_immutable(Backend& backend) {
    const Bytes first = pattern(1000, 1);
    REQUIRE(backend.put_if_absent("log/0000000000000001", first) == PutResult::stored);
    REQUIRE(backend.put_if_absent("log/0000000000000001", pattern(1000, 2)) == PutResult::exists);
    REQUIRE(backend.get("log/0000000000000001", {1000}) == first);
    REQUIRE(backend.size("log/0000000000000001") == ByteCount{1000});
    REQUIRE(backend.put_if_absent("log/0000000000000002", {}) == PutResult::stored);
    backend.make_durable("log/0000000000000001");
    REQUIRE(error_of([&] { backend.make_durable("log/0000000000000003"); }) == ErrorCode::not_found);
    REQUIRE(backend.get("log/0000000000000002", {0}) == Bytes());
}

inline void absent_objects_are_told_apart(Backend& backend) {
    REQUIRE_FALSE(backend.get("config", {100}));
    REQUIRE_FALSE(backend.size("packs/ab/abc"));
    std::array<std::byte, 4> four;
    REQUIRE(error_of([&] { backend.get_range("packs/ab/abc", {}, four); }) == ErrorCode::not_found);
    backend.remove("packs/ab/abc");
}

inline void too_long_and_too_short_are_corrupt(Backend& backend) {
    backend.put_if_absent("config", pattern(10, 3));
    REQUIRE(error_of([&] { (void)backend.get("config", {9}); }) == ErrorCode::corrupt);
    std::array<std::byte, 4> four;
    backend.get_range("config", {6}, four);
    REQUIRE(std::equal(four.begin(), four.end(), pattern(10, 3).begin() + 6));
    REQUIRE(error_of([&] { backend.get_range("config", {7}, four); }) == ErrorCode::corrupt);
    REQUIRE(error_of([&] { backend.get_range("config", {70}, four); }) == ErrorCode::corrupt);
}

inline void uploads_appear_only_at_commit(Backend& backend) {
    const std::string name = "packs/0a/0abc";
    {
        const auto dropped = backend.upload(name);
        dropped->append(pattern(100, 4));
    }
    REQUIRE_FALSE(backend.size(name));
    const auto upload = backend.upload(name);
    upload->append(pattern(70000, 5));
    upload->append(pattern(30, 6));
    REQUIRE_FALSE(backend.size(name));
    REQUIRE(backend.list("packs/").empty());
    REQUIRE(upload->commit() == PutResult::stored);
    REQUIRE(backend.size(name) == ByteCount{70030});
    Bytes tail(30);
    backend.get_range(name, {70000}, tail);
    REQUIRE(tail == pattern(30, 6));
    const auto second = backend.upload(name);
    second->append(pattern(1, 7));
    REQUIRE(second->commit() == PutResult::exists);
    REQUIRE(backend.size(name) == ByteCount{70030});
}

inline void lists_are_sorted_and_cut(Backend& backend) {
    for (const char* name : {"packs/ff/1", "packs/0a/2", "packs/0a/1", "log/2", "log/1", "log/3", "config", "packs-x"})
        backend.put_if_absent(name, pattern(1, 0));
    using Names = std::vector<std::string>;
    REQUIRE(backend.list("log/") == Names{"log/1", "log/2", "log/3"});
    REQUIRE(backend.list("log/", "log/1") == Names{"log/2", "log/3"});
    REQUIRE(backend.list("log/", "log/3").empty());
    REQUIRE(backend.list("packs/") == Names{"packs/0a/1", "packs/0a/2", "packs/ff/1"});
    REQUIRE(backend.list("packs/0") == Names{"packs/0a/1", "packs/0a/2"});
    REQUIRE(backend.list("packs/", "packs/0a/2") == Names{"packs/ff/1"});
    REQUIRE(backend.list("packs") == Names{"packs-x", "packs/0a/1", "packs/0a/2", "packs/ff/1"});
    REQUIRE(backend.list("nothing").empty());
    REQUIRE(backend.list("").size() == 8);
}

inline void removed_objects_are_gone_and_their_name_is_free(Backend& backend) {
    backend.put_if_absent("packs/0a/1", pattern(10, 1));
    std::array<std::byte, 4> four;
    backend.get_range("packs/0a/1", {}, four);
    backend.remove("packs/0a/1");
    REQUIRE_FALSE(backend.size("packs/0a/1"));
    REQUIRE(error_of([&] { backend.get_range("packs/0a/1", {}, four); }) == ErrorCode::not_found);
    REQUIRE(backend.list("packs/").empty());
    REQUIRE(backend.put_if_absent("packs/0a/1", pattern(10, 2)) == PutResult::stored);
    REQUIRE(backend.get("packs/0a/1", {10}) == pattern(10, 2));
}

/// Many threads race for each of a few names: exactly one wins each name, and the object has its bytes.
inline void one_of_many_gets_a_name(Backend& backend) {
    constexpr unsigned threads = 4;
    constexpr unsigned names = 20;
    std::array<std::atomic<unsigned>, names> winner{};
    std::atomic<unsigned> wins{0};
    const auto race = [&](unsigned self) {
        for (unsigned i = 0; i < names; ++i)
            if (backend.put_if_absent("log/" + std::to_string(i), pattern(100, self)) == PutResult::stored) {
                winner[i] = self;
                ++wins;
            }
    };
    std::vector<std::thread> racers;
    for (unsigned i = 0; i < threads; ++i) racers.emplace_back(race, i);
    for (std::thread& racer : racers) racer.join();
    REQUIRE(wins == names);
    for (unsigned i = 0; i < names; ++i)
        REQUIRE(backend.get("log/" + std::to_string(i), {100}) == pattern(100, winner[i]));
}

enum class Threads { one, many };

/// Runs the whole suite; `fresh` makes an empty backend each time.
inline void run(const std::function<std::unique_ptr<Backend>()>& fresh, Threads threads = Threads::many) {
    objects_are_whole_and_immutable(*fresh());
    absent_objects_are_told_apart(*fresh());
    too_long_and_too_short_are_corrupt(*fresh());
    uploads_appear_only_at_commit(*fresh());
    lists_are_sorted_and_cut(*fresh());
    removed_objects_are_gone_and_their_name_is_free(*fresh());
    if (threads == Threads::many) one_of_many_gets_a_name(*fresh());
}

}  // namespace varve::backend_contract
