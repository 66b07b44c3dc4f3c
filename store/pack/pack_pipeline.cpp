#include "store/pack/pack_pipeline.h"

#include <utility>

#include "engine/base/check.h"

namespace varve {

DataPipeline::DataPipeline(Backend& backend, const RepositoryId& repository, const SessionLimits& limits)
    : backend_(backend), repository_(repository), limits_(limits) {
    VARVE_CHECK(limits.compress_threads > 0 && limits.frames_in_flight > 0 && limits.packs_closing > 0);
    try {
        for (std::uint32_t i = 0; i < limits.compress_threads; ++i)
            threads_.emplace_back([this] { run(&DataPipeline::compress); });
        threads_.emplace_back([this] { run(&DataPipeline::write); });
        threads_.emplace_back([this] { run(&DataPipeline::close); });
    } catch (...) {
        stop();
        throw;
    }
}

DataPipeline::~DataPipeline() { stop(); }

void DataPipeline::submit(FrameDraft draft) {
    const std::scoped_lock lock(mutex_);
    rethrow_locked();
    VARVE_CHECK(!input_ended_ && drafts_.size() < limits_.frames_in_flight);
    drafts_.emplace_back(submitted_++, std::move(draft));
    draft_came_.notify_one();
}

ByteCount DataPipeline::take_written() {
    std::unique_lock lock(mutex_);
    frame_written_.wait(lock, [this] { return error_ != nullptr || !written_.empty(); });
    rethrow_locked();
    const ByteCount bytes = written_.front();
    written_.pop_front();
    return bytes;
}

std::vector<StoredPack> DataPipeline::take_durable() {
    const std::scoped_lock lock(mutex_);
    rethrow_locked();
    return std::exchange(durable_, {});
}

void DataPipeline::finish() {
    {
        const std::scoped_lock lock(mutex_);
        input_ended_ = true;
        wake_all();
    }
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    check();
}

void DataPipeline::check() {
    const std::scoped_lock lock(mutex_);
    rethrow_locked();
}

void DataPipeline::rethrow_locked() {
    if (error_ != nullptr) std::rethrow_exception(error_);
}

void DataPipeline::stop() noexcept {
    {
        const std::scoped_lock lock(mutex_);
        stopped_ = true;
        wake_all();
    }
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
}

void DataPipeline::wake_all() noexcept {
    draft_came_.notify_all();
    next_encoded_.notify_all();
    frame_written_.notify_all();
    closing_changed_.notify_all();
}

/// The root of each thread: its exception is passed to the caller's thread.
void DataPipeline::run(void (DataPipeline::*work)()) {
    try {
        (this->*work)();
    } catch (...) {
        const std::scoped_lock lock(mutex_);
        if (error_ == nullptr) error_ = std::current_exception();
        stopped_ = true;
        wake_all();
    }
}

void DataPipeline::compress() {
    FrameEncoder encoder(limits_.zstd_level);
    std::unique_lock lock(mutex_);
    for (;;) {
        draft_came_.wait(lock, [this] { return stopped_ || input_ended_ || !drafts_.empty(); });
        if (stopped_ || drafts_.empty()) return;
        auto [ordinal, draft] = std::move(drafts_.front());
        drafts_.pop_front();
        lock.unlock();
        EncodedFrame frame = encoder.encode(std::move(draft));
        lock.lock();
        encoded_.emplace(ordinal, std::move(frame));
        if (ordinal == next_to_write_) next_encoded_.notify_one();
    }
}

void DataPipeline::write() {
    std::unique_ptr<PackWriter> writer;
    std::unique_lock lock(mutex_);
    for (;; ++next_to_write_) {
        next_encoded_.wait(lock, [this] {
            return stopped_ || encoded_.contains(next_to_write_) || (input_ended_ && next_to_write_ == submitted_);
        });
        if (stopped_) return;
        auto found = encoded_.extract(next_to_write_);
        lock.unlock();
        if (found.empty()) break;
        const ByteCount bytes{found.mapped().bytes.size()};
        append(std::move(found.mapped()), writer);
        lock.lock();
        written_.push_back(bytes);
        frame_written_.notify_one();
    }
    if (writer != nullptr) hand_to_close(std::move(writer));
    lock.lock();
    writing_ended_ = true;
    closing_changed_.notify_all();
}

/// Appends to the pack of the frame; a previous pack is full.
void DataPipeline::append(EncodedFrame frame, std::unique_ptr<PackWriter>& writer) {
    if (writer == nullptr || writer->id() != frame.pack) {
        if (writer != nullptr) hand_to_close(std::move(writer));
        writer = std::make_unique<PackWriter>(backend_, repository_, frame.pack, PackKind::data);
    }
    writer->append(std::move(frame));
}

void DataPipeline::hand_to_close(std::unique_ptr<PackWriter> writer) {
    std::unique_lock lock(mutex_);
    closing_changed_.wait(lock, [this] { return stopped_ || closing_.size() < limits_.packs_closing; });
    closing_.push_back(std::move(writer));
    closing_changed_.notify_all();
}

void DataPipeline::close() {
    std::unique_lock lock(mutex_);
    for (;;) {
        closing_changed_.wait(lock, [this] { return stopped_ || writing_ended_ || !closing_.empty(); });
        if (stopped_ || closing_.empty()) return;
        std::unique_ptr<PackWriter> writer = std::move(closing_.front());
        closing_.pop_front();
        closing_changed_.notify_all();
        lock.unlock();
        StoredPack pack = writer->commit();
        writer.reset();
        lock.lock();
        durable_.push_back(std::move(pack));
    }
}

}  // namespace varve
