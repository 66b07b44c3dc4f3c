#pragma once
/// The background half of a session's data packs: frames are compressed by a few threads, appended in order by one, and
/// whole packs are ended and made durable by another. Bounded: submit() waits while too many frames are under way.
///
///   submit → [drafts] → compress × n → [encoded, by ordinal] → write → [full packs] → close → take_durable
///
/// The caller's thread alone calls the public methods. The first exception of a thread stops all of them and is thrown
/// by every later call. The destructor stops the threads; packs that were not durable by then leave nothing.

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

    /// Hands over the next frame; frames of one pack follow each other. At most limits.frames_in_flight may be out: the
    /// caller takes back the size of an older one first.
    void submit(FrameDraft draft);

    /// Waits until the oldest frame whose size was not taken yet is written; returns its bytes in the pack.
    ByteCount take_written();

    /// Packs that became durable since the last call, in the order in which they were written.
    std::vector<StoredPack> take_durable();

    /// Ends the last pack and waits until all are durable and the threads have ended.
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
    // Each is waited for by one kind of thread, so that a frame does not wake those whom it does not concern.
    std::condition_variable draft_came_;       ///< the compressing threads: a draft, or the end
    std::condition_variable next_encoded_;     ///< the writing thread: its next frame, or the end
    std::condition_variable frame_written_;    ///< the caller
    std::condition_variable closing_changed_;  ///< the writing and the closing thread
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

    std::vector<std::thread> threads_;  ///< last: they use all of the above
};

}  // namespace varve
