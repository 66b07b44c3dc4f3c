#include "tests/fakes/fault_backend.h"

#include "tests/contract/backend_contract.h"
#include "tests/fakes/memory_backend.h"

namespace varve {
namespace {

using backend_contract::error_of;
using backend_contract::pattern;

}  // namespace

TEST_CASE("the fault backend fails the n-th operation in the requested way", "[store][fakes]") {
    MemoryBackend inner;
    FaultBackend backend(inner);
    backend.fail_at(2, FaultEffect::not_done, FaultSpan::once);
    REQUIRE(backend.put_if_absent("a", pattern(3, 1)) == PutResult::stored);
    REQUIRE(error_of([&] { backend.put_if_absent("b", pattern(3, 1)); }) == ErrorCode::io);
    REQUIRE_FALSE(inner.size("b"));
    REQUIRE(backend.put_if_absent("b", pattern(3, 1)) == PutResult::stored);

    backend.fail_at(1, FaultEffect::reply_lost, FaultSpan::from_then);
    REQUIRE(error_of([&] { backend.put_if_absent("c", pattern(3, 1)); }) == ErrorCode::io);
    REQUIRE(inner.size("c") == ByteCount{3});
    REQUIRE(error_of([&] { (void)backend.size("c"); }) == ErrorCode::io);
    backend.heal();
    REQUIRE(backend.size("c") == ByteCount{3});
}

TEST_CASE("a torn upload of the fault backend never gets its name", "[store][fakes]") {
    MemoryBackend inner;
    FaultBackend backend(inner, FaultScope::writes);
    for (std::uint64_t n = 1; n <= 4; ++n) {
        backend.fail_at(n, FaultEffect::torn, FaultSpan::once);
        REQUIRE(error_of([&] {
                    const auto upload = backend.upload("packs/0a/1");
                    upload->append(pattern(10, 1));
                    upload->append(pattern(10, 2));
                    upload->commit();
                }) == ErrorCode::io);
        REQUIRE(inner.list("", "").empty());
    }
    REQUIRE(backend.operations() == 4);
}

}  // namespace varve
