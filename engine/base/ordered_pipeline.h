#pragma once
/// A bounded stage that works on many items at once and delivers the results in the order of the items. The caller's
/// own thread feeds it and takes from it, so a job reads as a loop of feed() calls and one drain() at the end. Threads
/// live only as long as the pipeline.
///
/// push() never blocks; it needs room. The window bounds memory: at most that many items are in progress or waiting to
/// be taken. take() of an item rethrows what its worker threw.

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "engine/base/check.h"

namespace varve {

/// Number of threads for a CPU-bound stage on this machine: 1 to 8.
inline unsigned worker_count() { return std::clamp(std::thread::hardware_concurrency(), 1u, 8u); }

template <typename Item, typename Result>
class OrderedPipeline {
public:
    /// `work` runs on several threads at once.
    OrderedPipeline(unsigned workers, std::size_t window, std::function<Result(Item&&)> work)
        : window_(window), work_(std::move(work)) {
        VARVE_CHECK(workers > 0 && window > 0);
        for (unsigned i = 0; i < workers; ++i) threads_.emplace_back([this](std::stop_token stop) { run(stop); });
    }

    ~OrderedPipeline() {
        for (auto& thread : threads_) thread.request_stop();
        work_to_do_.notify_all();
    }

    OrderedPipeline(const OrderedPipeline&) = delete;
    OrderedPipeline& operator=(const OrderedPipeline&) = delete;

    bool empty() const { return jobs_.empty(); }
    bool full() const { return jobs_.size() >= window_; }

    /// Pushes `item`; while the window is full, first calls `take_one`, which calls take() once.
    template <typename TakeOne>
    void feed(Item item, const TakeOne& take_one) {
        while (full()) take_one();
        push(std::move(item));
    }

    /// Calls `take_one`, which calls take() once, until nothing is left.
    template <typename TakeOne>
    void drain(const TakeOne& take_one) {
        while (!empty()) take_one();
    }

    void push(Item item) {
        VARVE_CHECK(!full());
        auto job = std::make_shared<Job>();
        job->item.emplace(std::move(item));
        jobs_.push_back(job);
        const std::lock_guard lock(mutex_);
        waiting_.push_back(std::move(job));
        work_to_do_.notify_one();
    }

    /// The result of the oldest item; waits for it. Rethrows what its work threw.
    Result take() {
        VARVE_CHECK(!empty());
        const std::shared_ptr<Job> job = std::move(jobs_.front());
        jobs_.pop_front();
        std::unique_lock lock(mutex_);
        work_done_.wait(lock, [&] { return job->done; });
        if (job->error) std::rethrow_exception(job->error);
        return std::move(*job->result);
    }

private:
    struct Job {
        std::optional<Item> item;
        std::optional<Result> result;
        std::exception_ptr error;
        bool done = false;
    };

    void run(const std::stop_token& stop) {
        std::unique_lock lock(mutex_);
        while (work_to_do_.wait(lock, stop, [&] { return !waiting_.empty(); })) {
            const std::shared_ptr<Job> job = std::move(waiting_.front());
            waiting_.pop_front();
            lock.unlock();
            try {
                job->result.emplace(work_(std::move(*job->item)));
            } catch (...) {  // carried to the caller by take()
                job->error = std::current_exception();
            }
            job->item.reset();
            lock.lock();
            job->done = true;
            work_done_.notify_all();
        }
    }

    const std::size_t window_;
    const std::function<Result(Item&&)> work_;
    std::deque<std::shared_ptr<Job>> jobs_;  // in order; used by the caller's thread only
    std::mutex mutex_;                       // guards waiting_ and the jobs' results
    std::condition_variable_any work_to_do_;
    std::condition_variable work_done_;
    std::deque<std::shared_ptr<Job>> waiting_;
    std::vector<std::jthread> threads_;  // last: joined before the rest is destroyed
};

}  // namespace varve
