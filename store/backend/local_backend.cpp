#include "store/backend/local_backend.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/base/error.h"
#include "store/backend/posix_files.h"

namespace varve {
namespace {

constexpr std::chrono::hours stale_age{24};

std::string folder_of(std::string_view name) {
    const std::size_t slash = name.rfind('/');
    return std::string(name.substr(0, slash == std::string_view::npos ? 0 : slash));
}

/// Whether every name below `folder` comes before `after`, so that it need not be listed.
bool lies_before(const std::string& folder, std::string_view after) {
    const std::string begin = folder + "/";
    return begin < after && !after.starts_with(begin);
}

}  // namespace

class LocalBackend::Upload final : public ObjectUpload {
public:
    Upload(LocalBackend& backend, std::string name, std::unique_ptr<UnnamedFile> file)
        : backend_(backend), name_(std::move(name)), file_(std::move(file)) {}

    void append(ByteView bytes) override {
        VARVE_CHECK(file_ != nullptr);
        file_->append(bytes);
    }

    PutResult commit() override {
        VARVE_CHECK(file_ != nullptr);
        const std::unique_ptr<UnnamedFile> file = std::move(file_);
        return backend_.publish(*file, name_);
    }

private:
    LocalBackend& backend_;
    const std::string name_;
    std::unique_ptr<UnnamedFile> file_;
};

LocalBackend::LocalBackend(std::unique_ptr<LocalFiles> files) : files_(std::move(files)) {}

std::unique_ptr<LocalBackend> LocalBackend::open(const std::string& path) {
    return std::make_unique<LocalBackend>(open_posix_files(path));
}

std::unique_ptr<LocalBackend> LocalBackend::create(const std::string& path) {
    make_root_folder(path);
    return open(path);
}

PutResult LocalBackend::put_if_absent(const std::string& name, ByteView bytes) {
    const auto object = upload(name);
    object->append(bytes);
    return object->commit();
}

std::unique_ptr<ObjectUpload> LocalBackend::upload(const std::string& name) {
    VARVE_CHECK(is_object_name(name));
    std::call_once(stale_removed_, [this] { files_->remove_stale(stale_age); });
    return std::make_unique<Upload>(*this, name, files_->create_unnamed());
}

/// The order is guaranteed: bytes, then folders, then the name, then the folder that holds the name. A name that is
/// taken is synced too, because its owner may not have done so yet.
PutResult LocalBackend::publish(UnnamedFile& file, const std::string& name) {
    file.sync();
    const std::string folder = folder_of(name);
    ensure_folder(folder);
    const bool linked = file.link(name);
    files_->sync_folder(folder);
    return linked ? PutResult::stored : PutResult::exists;
}

/// An existing folder may not have been synced yet by the program that made it, so it only counts once synced here.
void LocalBackend::ensure_folder(const std::string& folder) {
    if (folder.empty()) return;
    const std::scoped_lock lock(folders_mutex_);
    for (std::size_t end = 0; end != std::string::npos;) {
        end = folder.find('/', end == 0 ? 0 : end + 1);
        const std::string part = folder.substr(0, end);
        if (durable_folders_.contains(part)) continue;
        files_->make_folder(part);
        files_->sync_folder(folder_of(part));
        durable_folders_.insert(part);
    }
}

std::optional<Bytes> LocalBackend::get(const std::string& name, ByteCount bytes_max) const {
    VARVE_CHECK(is_object_name(name));
    const auto file = files_->open(name);
    if (file == nullptr) return std::nullopt;
    const ByteCount length = file->size();
    if (length > bytes_max)
        throw Error(ErrorCode::corrupt, fmt::format("'{}': expected at most {} bytes, found {}", locate(name),
                                                    bytes_max.value, length.value));
    Bytes bytes(length.value);
    if (const std::size_t got = file->read_some({}, bytes); got != bytes.size())
        throw Error(ErrorCode::corrupt,
                    fmt::format("'{}': expected {} bytes, found {}", locate(name), bytes.size(), got));
    return bytes;
}

void LocalBackend::get_range(const std::string& name, ByteOffset at, ByteSpan out) const {
    VARVE_CHECK(is_object_name(name));
    const auto file = open_cached(name);
    if (file == nullptr) throw Error(ErrorCode::not_found, fmt::format("'{}' does not exist", locate(name)));
    if (const std::size_t got = file->read_some(at, out); got != out.size())
        throw Error(ErrorCode::corrupt, fmt::format("'{}' ends early: expected {} bytes at offset {}, found {}",
                                                    locate(name), out.size(), at.value, got));
}

std::optional<ByteCount> LocalBackend::size(const std::string& name) const {
    VARVE_CHECK(is_object_name(name));
    const auto file = files_->open(name);
    if (file == nullptr) return std::nullopt;
    return file->size();
}

std::vector<std::string> LocalBackend::list(std::string_view prefix, std::string_view after) const {
    std::vector<std::string> names;
    list_into(names, folder_of(prefix), prefix, after);
    std::sort(names.begin(), names.end());
    return names;
}

void LocalBackend::list_into(std::vector<std::string>& names, const std::string& folder, std::string_view prefix,
                             std::string_view after) const {
    for (const FolderEntry& entry : files_->list_folder(folder)) {
        const std::string name = folder.empty() ? entry.name : folder + "/" + entry.name;
        if (entry.is_folder) {
            // The root of an ext4 file system has this folder, which only root may read; it never holds objects.
            const bool is_foreign = name == "lost+found";
            const bool may_match = (name + "/").starts_with(prefix) || prefix.starts_with(name + "/");
            if (may_match && !is_foreign && !lies_before(name, after)) list_into(names, name, prefix, after);
        } else if (name.starts_with(prefix) && name > after) {
            names.push_back(name);
        }
    }
}

void LocalBackend::make_durable(const std::string& name) {
    VARVE_CHECK(is_object_name(name));
    if (!size(name)) throw Error(ErrorCode::not_found, fmt::format("'{}' does not exist", locate(name)));
    // Its bytes were synced before it got its name; only the name may not have been.
    const std::string folder = folder_of(name);
    ensure_folder(folder);
    files_->sync_folder(folder);
}

void LocalBackend::remove(const std::string& name) {
    VARVE_CHECK(is_object_name(name));
    open_files_.drop(name);
    if (files_->unlink(name)) files_->sync_folder(folder_of(name));
}

std::string LocalBackend::locate(std::string_view name) const { return files_->locate(name); }

std::shared_ptr<const ReadableFile> LocalBackend::open_cached(const std::string& name) const {
    if (auto file = open_files_.find(name)) return file;
    std::shared_ptr<const ReadableFile> file = files_->open(name);
    if (file != nullptr) open_files_.put(name, file);
    return file;
}

}  // namespace varve
