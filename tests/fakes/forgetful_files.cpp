#include "tests/fakes/forgetful_files.h"

#include <algorithm>
#include <mutex>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "tests/support/choices.h"

namespace varve {
namespace {

using SharedBytes = std::shared_ptr<const Bytes>;  // so that copies of the disk cost little

struct FileNode {
    SharedBytes bytes = std::make_shared<const Bytes>();
    SharedBytes synced = bytes;
};

struct FolderNode;

struct Node {
    std::shared_ptr<FileNode> file;  ///< exactly one of the two is set
    std::shared_ptr<FolderNode> folder;
};

using Names = std::map<std::string, Node>;

struct FolderNode {
    Names names;
    Names synced;
};

/// Copies a tree; what it names twice is one thing in the copy, too.
class TreeCopy {
public:
    FolderNode of(const FolderNode& folder) { return {copy(folder.names), copy(folder.synced)}; }

private:
    Names copy(const Names& names) {
        Names copied;
        for (const auto& [name, node] : names) copied.insert({name, copy(node)});
        return copied;
    }
    Node copy(const Node& node) {
        Node copied;
        if (node.file != nullptr) {
            std::shared_ptr<FileNode>& file = files_[node.file.get()];
            if (file == nullptr) file = std::make_shared<FileNode>(*node.file);
            copied.file = file;
        }
        if (node.folder != nullptr) {
            std::shared_ptr<FolderNode>& folder = folders_[node.folder.get()];
            if (folder == nullptr) folder = std::make_shared<FolderNode>(of(*node.folder));
            copied.folder = folder;
        }
        return copied;
    }

    std::map<const FileNode*, std::shared_ptr<FileNode>> files_;
    std::map<const FolderNode*, std::shared_ptr<FolderNode>> folders_;
};

/// Equal only for trees that are equal and share their bytes.
std::string contents(const FolderNode& folder) {
    std::string text;
    for (const auto& [name, node] : folder.names) {
        text += name;
        if (node.file != nullptr) text += fmt::format("@{}\n", fmt::ptr(node.file->bytes.get()));
        if (node.folder != nullptr) text += "/{" + contents(*node.folder) + "}\n";
    }
    return text;
}

std::pair<std::string, std::string> split(const std::string& name) {
    const std::size_t slash = name.rfind('/');
    if (slash == std::string::npos) return {"", name};
    return {name.substr(0, slash), name.substr(slash + 1)};
}

}  // namespace

struct ForgetfulDisk::State {
    mutable std::recursive_mutex mutex;  ///< guards the tree and the files in it
    FolderNode root;
    std::uint64_t operations_left = ~std::uint64_t{0};
    FailingOperation failing = FailingOperation::not_done;
    bool power_is_off = false;
    bool is_recording = false;
    std::vector<FolderNode> moments;

    /// Runs one changing operation, or fails before or after it.
    template <typename Operation>
    auto change(const Operation& operation) {
        const std::lock_guard lock(mutex);
        check_power();
        if (--operations_left > 0) {
            const Recording recording(*this);
            return operation();
        }
        power_is_off = true;
        if (failing == FailingOperation::done) operation();
        throw Error(ErrorCode::io, "power failed");
    }

    /// Remembers the disk as it is after the operation.
    struct Recording {
        explicit Recording(State& s) : state(s) {}
        Recording(const Recording&) = delete;
        Recording& operator=(const Recording&) = delete;
        ~Recording() {
            if (state.is_recording) state.moments.push_back(TreeCopy().of(state.root));
        }
        State& state;
    };

    void check_power() const {
        if (power_is_off) throw Error(ErrorCode::io, "power is off");
    }

    FolderNode* folder(const std::string& name) {
        FolderNode* at = &root;
        for (std::size_t begin = 0; begin < name.size();) {
            const std::size_t end = std::min(name.find('/', begin), name.size());
            const auto found = at->names.find(name.substr(begin, end - begin));
            if (found == at->names.end() || found->second.folder == nullptr) return nullptr;
            at = found->second.folder.get();
            begin = end + 1;
        }
        return at;
    }

    FolderNode& existing_folder(const std::string& name) {
        FolderNode* found = folder(name);
        if (found == nullptr) throw Error(ErrorCode::io, "no folder '" + name + "'");
        return *found;
    }
};

namespace {

using State = ForgetfulDisk::State;

class ForgetfulUnnamed final : public UnnamedFile {
public:
    explicit ForgetfulUnnamed(std::shared_ptr<State> state) : state_(std::move(state)) {}

    void append(ByteView bytes) override {
        state_->change([&] {
            Bytes longer = *file_->bytes;
            longer.insert(longer.end(), bytes.begin(), bytes.end());
            file_->bytes = std::make_shared<const Bytes>(std::move(longer));
        });
    }
    void sync() override {
        state_->change([&] { file_->synced = file_->bytes; });
    }
    bool link(const std::string& name) override {
        return state_->change([&] {
            const auto [folder, leaf] = split(name);
            return state_->existing_folder(folder).names.try_emplace(leaf, Node{file_, nullptr}).second;
        });
    }

private:
    std::shared_ptr<State> state_;
    std::shared_ptr<FileNode> file_ = std::make_shared<FileNode>();
};

class ForgetfulReadable final : public ReadableFile {
public:
    explicit ForgetfulReadable(std::shared_ptr<FileNode> file) : file_(std::move(file)) {}
    ByteCount size() const override { return {file_->bytes->size()}; }
    std::size_t read_some(ByteOffset at, ByteSpan out) const override {
        const std::size_t begin = std::min<std::uint64_t>(at.value, file_->bytes->size());
        const ByteView part =
            ByteView(*file_->bytes).subspan(begin, std::min(out.size(), file_->bytes->size() - begin));
        std::copy(part.begin(), part.end(), out.begin());
        return part.size();
    }

private:
    std::shared_ptr<FileNode> file_;
};

class ForgetfulFiles final : public LocalFiles {
public:
    explicit ForgetfulFiles(std::shared_ptr<State> state) : state_(std::move(state)) {}

    std::string locate(std::string_view name) const override { return "forgetful:" + std::string(name); }
    std::unique_ptr<UnnamedFile> create_unnamed() override {
        return state_->change([&] { return std::make_unique<ForgetfulUnnamed>(state_); });
    }
    std::unique_ptr<ReadableFile> open(const std::string& name) const override {
        const std::lock_guard lock(state_->mutex);
        state_->check_power();
        const auto [folder, leaf] = split(name);
        const FolderNode* in = state_->folder(folder);
        if (in == nullptr) return nullptr;
        const auto found = in->names.find(leaf);
        if (found == in->names.end() || found->second.file == nullptr) return nullptr;
        return std::make_unique<ForgetfulReadable>(found->second.file);
    }
    bool make_folder(const std::string& name) override {
        return state_->change([&] {
            const auto [parent, leaf] = split(name);
            return state_->existing_folder(parent)
                .names.try_emplace(leaf, Node{nullptr, std::make_shared<FolderNode>()})
                .second;
        });
    }
    void sync_folder(const std::string& folder) override {
        state_->change([&] {
            FolderNode& node = state_->existing_folder(folder);
            node.synced = node.names;
        });
    }
    std::vector<FolderEntry> list_folder(const std::string& folder) const override {
        const std::lock_guard lock(state_->mutex);
        state_->check_power();
        std::vector<FolderEntry> entries;
        if (const FolderNode* node = state_->folder(folder))
            for (const auto& [name, child] : node->names) entries.push_back({name, child.folder != nullptr});
        return entries;
    }
    bool unlink(const std::string& name) override {
        return state_->change([&] {
            const auto [folder, leaf] = split(name);
            FolderNode* node = state_->folder(folder);
            return node != nullptr && node->names.erase(leaf) > 0;
        });
    }
    void remove_stale(std::chrono::seconds) override {}

private:
    std::shared_ptr<State> state_;
};

/// Decides for each thing whether it survives.
class Fate {
public:
    virtual ~Fate() = default;
    virtual bool keeps_name() = 0;
    virtual bool keeps_bytes() = 0;
};

class SurvivalFate final : public Fate {
public:
    SurvivalFate(Survival survival, std::uint32_t seed) : survival_(survival), random_(seed) {}

    bool keeps_name() override { return survival_ == Survival::names_only || keeps(); }
    bool keeps_bytes() override { return keeps(); }

private:
    bool keeps() {
        return survival_ == Survival::everything || (survival_ == Survival::by_chance && random_() % 2 == 0);
    }
    Survival survival_;
    std::minstd_rand random_;
};

class ChosenFate final : public Fate {
public:
    explicit ChosenFate(test::Choices& choices) : choices_(choices) {}

    bool keeps_name() override { return choices_.yes_or_no(); }
    bool keeps_bytes() override { return choices_.yes_or_no(); }

private:
    test::Choices& choices_;
};

void lose(FileNode& file, Fate& fate) {
    if (file.bytes != file.synced && !fate.keeps_bytes()) file.bytes = file.synced;
    file.synced = file.bytes;
}

void lose(FolderNode& folder, Fate& fate) {
    Names kept = folder.synced;
    for (const auto& [name, node] : folder.names)
        if (!folder.synced.contains(name) && fate.keeps_name()) kept.insert({name, node});
    for (const auto& [name, node] : folder.synced)
        if (!folder.names.contains(name) && fate.keeps_name()) kept.erase(name);
    folder.names = kept;
    folder.synced = kept;
    for (auto& [name, node] : folder.names) {
        if (node.file != nullptr) lose(*node.file, fate);
        if (node.folder != nullptr) lose(*node.folder, fate);
    }
}

}  // namespace

ForgetfulDisk::ForgetfulDisk() : state_(std::make_shared<State>()) {}
ForgetfulDisk::~ForgetfulDisk() = default;

std::unique_ptr<LocalFiles> ForgetfulDisk::mount() { return std::make_unique<ForgetfulFiles>(state_); }

void ForgetfulDisk::fail_at(std::uint64_t n, FailingOperation operation) {
    const std::lock_guard lock(state_->mutex);
    state_->operations_left = n;
    state_->failing = operation;
}

bool ForgetfulDisk::has_failed() const {
    const std::lock_guard lock(state_->mutex);
    return state_->power_is_off;
}

void ForgetfulDisk::crash(Survival survival, std::uint32_t seed) {
    const std::lock_guard lock(state_->mutex);
    SurvivalFate fate(survival, seed);
    lose(state_->root, fate);
    state_->power_is_off = false;
    state_->operations_left = ~std::uint64_t{0};
}

void ForgetfulDisk::record() {
    const std::lock_guard lock(state_->mutex);
    state_->is_recording = true;
    state_->moments.push_back(TreeCopy().of(state_->root));
}

void ForgetfulDisk::for_each_crash(const std::function<void(ForgetfulDisk& left, bool is_at_end)>& visit) const {
    std::set<std::string> seen;
    const auto lose_at = [&](const FolderNode& moment, bool is_at_end) {
        test::Choices choices;
        do {
            ForgetfulDisk left(std::make_shared<State>());
            left.state_->root = TreeCopy().of(moment);
            ChosenFate fate(choices);
            lose(left.state_->root, fate);
            if (seen.insert(contents(left.state_->root)).second || is_at_end) visit(left, is_at_end);
        } while (choices.next());
    };
    for (const FolderNode& moment : state_->moments) lose_at(moment, false);
    lose_at(state_->root, true);
}

}  // namespace varve
