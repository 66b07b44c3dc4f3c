#include "engine/base/ordered_pipeline.h"

#include <atomic>
#include <chrono>
#include <stdexcept>

#include "engine/base/buffer_pool.h"
#include "tests/catch.h"

using namespace varve;

TEST_CASE("ordered pipeline: results come in the order of the items", "[engine][pipeline]") {
    OrderedPipeline<int, int> pipeline(4, 8, [](int&& item) {
        std::this_thread::sleep_for(std::chrono::microseconds((item * 37) % 200));
        return item * 2;
    });
    int taken = 0;
    for (int i = 0; i < 2000; ++i) {
        while (pipeline.full()) REQUIRE(pipeline.take() == 2 * taken++);
        pipeline.push(i);
    }
    while (!pipeline.empty()) REQUIRE(pipeline.take() == 2 * taken++);
    REQUIRE(taken == 2000);
}

TEST_CASE("ordered pipeline: no more items than the window are in progress", "[engine][pipeline]") {
    std::atomic<int> in_work{0};
    std::atomic<int> most{0};
    OrderedPipeline<int, int> pipeline(8, 5, [&](int&& item) {
        const int now = ++in_work;
        for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
        }
        std::this_thread::sleep_for(std::chrono::microseconds(50));
        --in_work;
        return item;
    });
    for (int i = 0; i < 300; ++i) {
        while (pipeline.full()) pipeline.take();
        pipeline.push(i);
    }
    while (!pipeline.empty()) pipeline.take();
    REQUIRE(most <= 5);
    REQUIRE(most >= 2);
}

TEST_CASE("ordered pipeline: an exception is thrown at its item, and the rest can be abandoned", "[engine][pipeline]") {
    OrderedPipeline<int, int> pipeline(3, 6, [](int&& item) {
        if (item == 3) throw std::runtime_error("three");
        return item;
    });
    for (int i = 0; i < 6; ++i) pipeline.push(i);
    for (int i = 0; i < 3; ++i) REQUIRE(pipeline.take() == i);
    REQUIRE_THROWS_WITH(pipeline.take(), "three");
}

TEST_CASE("buffer pool: a returned buffer is lent again", "[engine][pipeline]") {
    BufferPool pool(4096);
    const std::byte* first = nullptr;
    {
        BufferPool::Buffer buffer = pool.lend();
        first = buffer.view().data();
        REQUIRE(buffer.view().size() == 4096);
    }
    BufferPool::Buffer again = pool.lend();
    REQUIRE(again.view().data() == first);
    BufferPool::Buffer other = pool.lend();
    REQUIRE(other.view().data() != first);
    again = std::move(other);
    REQUIRE(pool.lend().view().data() == first);
}
