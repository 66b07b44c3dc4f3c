#include "formats/output/output_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <cerrno>
#include <deque>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/base/error.h"
#include "formats/output/staged_file.h"

namespace varve {
namespace {

constexpr std::size_t finished_open_max = 64;
constexpr const char* advice_for_parts = "remove it, or choose another name for the image";

/// The file beside `head` with the name `part`.
TargetName beside(const TargetName& head, const std::string& part) {
    return {head.folder, part, head.path.substr(0, head.path.size() - head.name.size()) + part};
}

void check_free(const TargetName& part, const TargetName& head) {
    struct stat status {};
    if (::fstatat(part.folder->fd(), part.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0)
        throw Error(ErrorCode::refused,
                    fmt::format("'{}' exists, and '{}' needs that name for its data; data files are never overwritten, "
                                "not even with --force: {}",
                                part.path, head.path, advice_for_parts));
    if (errno != ENOENT) throw io_error(fmt::format("cannot stat '{}'", part.path), errno);
}

class FilesInFolder final : public OutputFiles {
public:
    FilesInFolder(File folder, const std::string& path, std::vector<std::string> parts, TargetRules rules)
        : folder_(std::move(folder)),
          rules_(std::move(rules)),
          target_(target_name(path, folder_)),
          replaced_(replaceable_at(target_, rules_)),
          names_(std::move(parts)),
          parts_(names_.size()) {
        for (const std::string& name : names_) check_free(beside(target_, name), target_);
        head_.emplace(target_, replaced_, rules_.mode);
    }

    std::unique_ptr<Output> begin_part(std::size_t number) override;
    std::unique_ptr<Output> begin_head() override;
    void commit(ByteView head) override;
    ByteCount bytes_written() const override { return head_->bytes_written() + part_bytes_; }

private:
    class Part;
    class Head;

    void finish(std::size_t number);

    File folder_;
    TargetRules rules_;
    TargetName target_;  ///< the head's
    std::optional<struct stat> replaced_;
    std::vector<std::string> names_;
    std::vector<std::unique_ptr<StagedFile>> parts_;
    std::optional<StagedFile> head_;
    std::size_t finished_ = 0;
    std::deque<std::size_t> open_;  ///< those of the finished parts, oldest first
    ByteCount part_bytes_;
};

class FilesInFolder::Part final : public Output {
public:
    Part(FilesInFolder& files, std::size_t number) : files_(files), file_(*files.parts_[number]), number_(number) {}

    void resize(ByteCount length) override { file_.resize(length); }
    void allocate(ByteCount length) override { file_.allocate(length); }
    void write(ByteOffset at, ByteView bytes) override {
        file_.write(at, bytes);
        files_.part_bytes_ += {bytes.size()};
    }
    void zero(ByteRange) override {}  // ranges never written in a new file are holes
    void commit() override {
        file_.sync();
        files_.finish(number_);
    }
    ByteCount bytes_written() const override { return file_.bytes_written(); }

private:
    FilesInFolder& files_;
    StagedFile& file_;
    std::size_t number_;
};

class FilesInFolder::Head final : public Output {
public:
    explicit Head(StagedFile& file) : file_(file) {}

    void resize(ByteCount length) override { file_.resize(length); }
    void allocate(ByteCount length) override { file_.allocate(length); }
    void write(ByteOffset at, ByteView bytes) override { file_.write(at, bytes); }
    void zero(ByteRange) override {}  // ranges never written in a new file are holes
    void commit() override { file_.sync(); }
    ByteCount bytes_written() const override { return file_.bytes_written(); }

private:
    StagedFile& file_;
};

std::unique_ptr<Output> FilesInFolder::begin_head() { return std::make_unique<Head>(*head_); }

std::unique_ptr<Output> FilesInFolder::begin_part(std::size_t number) {
    VARVE_CHECK(number < parts_.size() && parts_[number] == nullptr);
    parts_[number] = std::make_unique<StagedFile>(beside(target_, names_[number]), replaced_, rules_.mode);
    return std::make_unique<Part>(*this, number);
}

void FilesInFolder::finish(std::size_t number) {
    ++finished_;
    open_.push_back(number);
    if (open_.size() <= finished_open_max) return;
    parts_[open_.front()]->close_hidden();
    open_.pop_front();
}

void FilesInFolder::commit(ByteView head) {
    VARVE_CHECK(finished_ == parts_.size());
    std::size_t named = 0;
    try {
        if (!head.empty()) head_->write({}, head);
        head_->sync();
        for (; named < parts_.size(); ++named) parts_[named]->appear(advice_for_parts);
        if (!sync_names(folder_)) throw io_error(fmt::format("cannot sync the folder of '{}'", target_.path), errno);
        head_->take_name(rules_);
    } catch (...) {
        while (named > 0) parts_[--named]->withdraw();
        throw;
    }
    head_->sync_name();
}

}  // namespace

std::unique_ptr<OutputFiles> create_output_files(const std::string& path, std::vector<std::string> parts,
                                                 const TargetRules& rules, const File* folder) {
    return std::make_unique<FilesInFolder>(folder_of(path, folder), path, std::move(parts), rules);
}

}  // namespace varve
