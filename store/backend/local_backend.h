#pragma once
/// A repository in a local folder; each object is a file. A file is written without a name, synced, and linked to its
/// name if that is free; all folders on the path are synced (FORMAT.md section 2).

#include <mutex>
#include <set>

#include "engine/base/lru_cache.h"
#include "store/backend/backend.h"
#include "store/backend/local_files.h"

namespace varve {

class LocalBackend final : public Backend {
public:
    explicit LocalBackend(std::unique_ptr<LocalFiles> files);

    /// Opens the folder `path`; Error(not_found) if there is none.
    static std::unique_ptr<LocalBackend> open(const std::string& path);
    /// As open, but first makes the folder if it does not exist (its parent must exist).
    static std::unique_ptr<LocalBackend> create(const std::string& path);

    PutResult put_if_absent(const std::string& name, ByteView bytes) override;
    std::unique_ptr<ObjectUpload> upload(const std::string& name) override;
    std::optional<Bytes> get(const std::string& name, ByteCount bytes_max) const override;
    void get_range(const std::string& name, ByteOffset at, ByteSpan out) const override;
    std::optional<ByteCount> size(const std::string& name) const override;
    std::vector<std::string> list(std::string_view prefix, std::string_view after) const override;
    void make_durable(const std::string& name) override;
    void remove(const std::string& name) override;
    std::string locate(std::string_view name) const override;

private:
    class Upload;

    PutResult publish(UnnamedFile& file, const std::string& name);
    void ensure_folder(const std::string& folder);
    std::shared_ptr<const ReadableFile> open_cached(const std::string& name) const;
    void list_into(std::vector<std::string>& names, const std::string& folder, std::string_view prefix,
                   std::string_view after) const;

    const std::unique_ptr<LocalFiles> files_;
    std::once_flag stale_removed_;

    std::mutex folders_mutex_;
    std::set<std::string> durable_folders_;  ///< made and synced into their parents by this object

    mutable LruCache<std::string, ReadableFile> open_files_{64};
};

}  // namespace varve
