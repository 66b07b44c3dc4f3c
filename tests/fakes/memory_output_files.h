#pragma once
/// OutputFiles in memory that outlive the writer to which they are passed; they share one count of operations, so that
/// the n-th of all may fail.

#include "formats/output/output_files.h"
#include "tests/fakes/memory_output.h"

namespace varve {

/// What was written to an image of several files; shared by test and writer.
struct MemoryFiles {
    std::vector<std::shared_ptr<MemoryMedium>> parts;
    std::string head;
    std::shared_ptr<MemoryMedium> first;  ///< the head, if it was begun
    bool committed = false;
    std::size_t operations = 0;
    std::size_t fail_at = std::numeric_limits<std::size_t>::max();  ///< this operation, from 0, throws Error(io)

    void step() {
        if (operations++ == fail_at) throw Error(ErrorCode::io, "the medium failed, as the test requested");
    }
};

class MemoryOutputFiles final : public OutputFiles {
public:
    explicit MemoryOutputFiles(std::shared_ptr<MemoryFiles> files) : files_(std::move(files)) {}

    std::unique_ptr<Output> begin_part(std::size_t number) override {
        files_->step();
        files_->parts.resize(std::max(files_->parts.size(), number + 1));
        files_->parts[number] = std::make_shared<MemoryMedium>();
        return std::make_unique<Part>(files_, files_->parts[number]);
    }

    std::unique_ptr<Output> begin_head() override {
        files_->step();
        files_->first = std::make_shared<MemoryMedium>();
        return std::make_unique<Part>(files_, files_->first);
    }

    void commit(ByteView head) override {
        files_->step();
        files_->head = text_of(head);
        files_->committed = true;
    }

    ByteCount bytes_written() const override { return {}; }

private:
    class Part final : public Output {
    public:
        Part(std::shared_ptr<MemoryFiles> files, std::shared_ptr<MemoryMedium> medium)
            : files_(std::move(files)), output_(std::move(medium)) {}

        void resize(ByteCount length) override {
            files_->step();
            output_.resize(length);
        }
        void write(ByteOffset at, ByteView bytes) override {
            files_->step();
            output_.write(at, bytes);
        }
        void zero(ByteRange range) override {
            files_->step();
            output_.zero(range);
        }
        void commit() override {
            files_->step();
            output_.commit();
        }
        ByteCount bytes_written() const override { return output_.bytes_written(); }

    private:
        std::shared_ptr<MemoryFiles> files_;
        MemoryOutput output_;
    };

    std::shared_ptr<MemoryFiles> files_;
};

}  // namespace varve
