#include "formats/output/output_file.h"

#include <utility>

#include "formats/output/staged_file.h"

namespace varve {
namespace {

class OutputFile final : public Output {
public:
    OutputFile(File folder, const std::string& path, TargetRules rules)
        : folder_(std::move(folder)),
          rules_(std::move(rules)),
          file_(target_name(path, folder_), replaceable_at(target_name(path, folder_), rules_), rules_.mode) {}

    void resize(ByteCount length) override { file_.resize(length); }
    void allocate(ByteCount length) override { file_.allocate(length); }
    void write(ByteOffset at, ByteView bytes) override { file_.write(at, bytes); }
    void zero(ByteRange) override {}  // ranges never written in a new file are holes

    void commit() override {
        file_.sync();
        file_.take_name(rules_);
        file_.sync_name();
    }

    ByteCount bytes_written() const override { return file_.bytes_written(); }

private:
    File folder_;
    TargetRules rules_;
    StagedFile file_;
};

}  // namespace

std::unique_ptr<Output> create_output_file(const std::string& path, const TargetRules& rules, const File* folder) {
    return std::make_unique<OutputFile>(folder_of(path, folder), path, rules);
}

}  // namespace varve
