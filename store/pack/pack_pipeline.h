#pragma once
/// The background half of a session's data packs: a few threads compress frames, one appends them in order, and another
/// one completes packs and makes them durable. Bounded: the caller must not have more than limits.frames_in_flight
/// frames in flight.
///
///   submit → [drafts] → compress × n → [encoded, by ordinal] → write → [full packs] → close → take_durable
///
/// Only the caller's thread calls the public methods. The first exception of a thread stops all of them and is thrown
/// by every later call. The destructor stops the threads; packs that are not durable by then leave nothing behind.

#include <condition_variable>
#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "store/pack/pack_writer.h"
#include "store/pack/session_limits.h"

namespace varve {

class DataPipeline {
public:
    /// Borrows `backend`. Starts its threads.
    DataPipeline(Backend& backend, const RepositoryId& repository, const SessionLimits& limits);
    ~DataPipeline();
    DataPipeline(const DataPipeline&) = delete;
    DataPipeline& operator=(const DataPipeline&) = delete;

    /// Submits the next frame; frames of one pack are consecutive. At most limits.frames_in_flight may be in flight: if
    /// necessary, call take_written() first.
    void submit(FrameDraft draft);

    /// Waits until the oldest frame whose size was not taken yet is written; returns its size in the pack.
    ByteCount take_written();

    /// Packs that became durable since the last call, in the order of writing.
    std::vector<StoredPack> take_durable();

    /// Completes the last pack and waits until all packs are durable and the threads have ended.
    void finish();

    /// Throws what a thread threw.
    void check();

private:
    void run(void (DataPipeline::*work)());
    void compress();
    void write();
    void close();
    void append(EncodedFrame frame, std::unique_ptr<PackWriter>& writer);
    void hand_to_close(std::unique_ptr<PackWriter> writer);
    void stop() noexcept;
    void wake_all() noexcept;
    void rethrow_locked();

    Backend& backend_;
    const RepositoryId repository_;
    const SessionLimits limits_;

    std::mutex mutex_;
    // One per kind of waiter, so that a frame wakes only the threads that it concerns (LOCKING.md).
    std::condition_variable draft_came_;       ///< compressing threads: a draft, or the end of the input
    std::condition_variable next_encoded_;     ///< writing thread: its next frame, or the end of the input
    std::condition_variable frame_written_;    ///< caller: a frame was written
    std::condition_variable closing_changed_;  ///< writing thread: room for a pack; closing thread: a pack, or the end
    std::deque<std::pair<std::uint64_t, FrameDraft>> drafts_;
    std::map<std::uint64_t, EncodedFrame> encoded_;
    std::deque<ByteCount> written_;
    std::deque<std::unique_ptr<PackWriter>> closing_;
    std::vector<StoredPack> durable_;
    std::uint64_t submitted_ = 0;
    std::uint64_t next_to_write_ = 0;
    bool input_ended_ = false;
    bool writing_ended_ = false;
    bool stopped_ = false;
    std::exception_ptr error_;

    std::vector<std::thread> threads_;  ///< last, because they use all of the above
};

}  // namespace varve
