#include "store/backend/posix_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <atomic>
#include <cerrno>
#include <filesystem>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/interrupted_calls.h"
#include "engine/base/random_id.h"

namespace varve {
namespace {

constexpr mode_t file_mode = 0600;
constexpr mode_t folder_mode = 0700;
constexpr std::size_t temporary_name_length = 32;

struct SplitName {
    std::string folder;  ///< "" for the root
    std::string leaf;
};

SplitName split(const std::string& name) {
    const std::size_t slash = name.rfind('/');
    if (slash == std::string::npos) return {"", name};
    return {name.substr(0, slash), name.substr(slash + 1)};
}

int open_retrying(int folder, const char* name, int flags, mode_t mode = 0) {
    return retry_interrupted([&] { return ::openat(folder, name, flags | O_CLOEXEC, mode); });
}

/// Closes what opendir opened.
struct CloseFolder {
    void operator()(DIR* folder) const { ::closedir(folder); }
};
using FolderHandle = std::unique_ptr<DIR, CloseFolder>;

/// The root folder, to which all names are relative, with its path.
class Root {
public:
    Root(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

    std::string locate(std::string_view name) const { return name.empty() ? path_ : path_ + "/" + std::string(name); }

    /// Opens a folder part by part, so that no symbolic link on the path is followed; an empty fd if a part is missing.
    UniqueFd open_folder(std::string_view folder) const {
        UniqueFd fd(open_retrying(fd_.get(), ".", O_RDONLY | O_DIRECTORY));
        if (!fd) throw io_error(fmt::format("cannot open folder '{}'", locate("")), errno);
        for (std::size_t begin = 0; begin < folder.size();) {
            const std::size_t end = std::min(folder.find('/', begin), folder.size());
            const std::string part(folder.substr(begin, end - begin));
            UniqueFd next(open_retrying(fd.get(), part.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
            if (!next && errno == ENOENT) return UniqueFd();
            if (!next) throw_open_error(folder.substr(0, end), errno);
            fd = std::move(next);
            begin = end + 1;
        }
        return fd;
    }

    UniqueFd open_existing_folder(std::string_view folder) const {
        UniqueFd fd = open_folder(folder);
        if (!fd) throw Error(ErrorCode::io, fmt::format("folder '{}' has vanished", locate(folder)));
        return fd;
    }

    [[noreturn]] void throw_open_error(std::string_view name, int error_number) const {
        if (error_number == ELOOP || error_number == ENOTDIR)
            throw Error(ErrorCode::refused,
                        fmt::format("'{}' is a symbolic link or not a folder: expected the folder that varve made; "
                                    "put the real folder in its place",
                                    locate(name)));
        throw io_error(fmt::format("cannot open '{}'", locate(name)), error_number);
    }

private:
    UniqueFd fd_;
    std::string path_;
};

class PosixReadableFile final : public ReadableFile {
public:
    explicit PosixReadableFile(File file) : file_(std::move(file)) {}
    ByteCount size() const override { return file_.size(); }
    std::size_t read_some(ByteOffset at, ByteSpan out) const override { return file_.read_some(at, out); }

private:
    File file_;
};

/// The path through which linkat finds an unnamed file of this process, without needing any privilege.
std::string path_of_descriptor(int fd) { return fmt::format("/proc/self/fd/{}", fd); }

enum class Naming { by_link, by_rename };

/// Whether linking failed because the file system has no hard links (FAT, some network shares).
bool has_no_links(int error_number) {
    return error_number == EPERM || error_number == EOPNOTSUPP || error_number == ENOSYS;
}

class PosixUnnamedFile final : public UnnamedFile {
public:
    /// `temporary` is its name under tmp/, empty if it has none; only such a file can be named by a rename.
    PosixUnnamedFile(const Root& root, File file, std::string temporary, Naming naming)
        : root_(root), file_(std::move(file)), temporary_(std::move(temporary)), naming_(naming) {}

    ~PosixUnnamedFile() override {
        if (!temporary_.empty()) discard_temporary();
    }

    void append(ByteView bytes) override {
        file_.write_all(end_, bytes);
        end_ += ByteCount{bytes.size()};
    }

    void sync() override { file_.sync(); }

    bool link(const std::string& name) override {
        const auto [folder, leaf] = split(name);
        const UniqueFd to = root_.open_existing_folder(folder);
        if (naming_ == Naming::by_link && link_into(to.get(), leaf)) return true;
        if (naming_ == Naming::by_rename || (has_no_links(errno) && !temporary_.empty())) {
            if (rename_into(to.get(), leaf)) return true;
        }
        if (errno == EEXIST) return false;
        if (has_no_links(errno) || errno == EINVAL) throw_no_names(name);
        throw io_error(fmt::format("cannot give a new file the name '{}'", root_.locate(name)), errno);
    }

private:
    bool link_into(int folder, const std::string& leaf) const {
        if (temporary_.empty())
            return ::linkat(AT_FDCWD, path_of_descriptor(file_.fd()).c_str(), folder, leaf.c_str(),
                            AT_SYMLINK_FOLLOW) == 0;
        const UniqueFd from = root_.open_existing_folder("tmp");
        return ::linkat(from.get(), temporary_.c_str(), folder, leaf.c_str(), 0) == 0;
    }

    bool rename_into(int folder, const std::string& leaf) {
        const UniqueFd from = root_.open_existing_folder("tmp");
        if (::renameat2(from.get(), temporary_.c_str(), folder, leaf.c_str(), RENAME_NOREPLACE) != 0) return false;
        temporary_.clear();
        return true;
    }

    [[noreturn]] void throw_no_names(const std::string& name) const {
        throw Error(ErrorCode::unsupported,
                    fmt::format("cannot give a new file the name '{}': its file system supports neither hard links nor "
                                "renames that replace nothing (RENAME_NOREPLACE), and a repository needs one of them; "
                                "choose a folder on another file system",
                                root_.locate(name)));
    }

    /// If removing fails, remove_stale does it a day later.
    void discard_temporary() const noexcept {
        try {
            if (const UniqueFd folder = root_.open_folder("tmp")) ::unlinkat(folder.get(), temporary_.c_str(), 0);
        } catch (const Error&) {
        }
    }

    const Root& root_;
    File file_;
    std::string temporary_;
    const Naming naming_;
    ByteOffset end_;
};

class PosixFiles final : public LocalFiles {
public:
    PosixFiles(Root root, UnnamedKind kind)
        : root_(std::move(root)),
          named_(kind != UnnamedKind::automatic),
          naming_(kind == UnnamedKind::renamed ? Naming::by_rename : Naming::by_link) {}

    std::string locate(std::string_view name) const override { return root_.locate(name); }

    std::unique_ptr<UnnamedFile> create_unnamed() override {
        if (!named_) {
            if (auto file = create_without_name()) return file;
            named_ = true;
        }
        return create_under_tmp();
    }

    std::unique_ptr<ReadableFile> open(const std::string& name) const override {
        const auto [folder, leaf] = split(name);
        const UniqueFd in = root_.open_folder(folder);
        if (!in) return nullptr;
        UniqueFd fd(open_retrying(in.get(), leaf.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
        if (!fd && errno == ENOENT) return nullptr;
        if (!fd) root_.throw_open_error(name, errno);
        File file(std::move(fd), root_.locate(name));
        if (file.kind() != FileKind::regular)
            throw Error(ErrorCode::refused, fmt::format("'{}' is not a regular file: expected the file that varve made",
                                                        root_.locate(name)));
        return std::make_unique<PosixReadableFile>(std::move(file));
    }

    bool make_folder(const std::string& name) override {
        const auto [parent, leaf] = split(name);
        const UniqueFd in = root_.open_existing_folder(parent);
        if (::mkdirat(in.get(), leaf.c_str(), folder_mode) == 0) {
            if (::fchmodat(in.get(), leaf.c_str(), folder_mode, 0) != 0)
                throw io_error(fmt::format("cannot set the mode of folder '{}'", root_.locate(name)), errno);
            return true;
        }
        if (errno == EEXIST) return false;
        throw io_error(fmt::format("cannot make folder '{}'", root_.locate(name)), errno);
    }

    void sync_folder(const std::string& folder) override {
        const UniqueFd fd = root_.open_existing_folder(folder);
        if (retry_interrupted([&] { return ::fsync(fd.get()); }) != 0)
            throw io_error(fmt::format("cannot sync folder '{}'", root_.locate(folder)), errno);
    }

    std::vector<FolderEntry> list_folder(const std::string& folder) const override {
        UniqueFd fd = root_.open_folder(folder);
        if (!fd) return {};
        const FolderHandle handle(::fdopendir(fd.get()));
        if (!handle) throw io_error(fmt::format("cannot list folder '{}'", root_.locate(folder)), errno);
        fd.release();
        return read_entries(handle.get(), folder);
    }

    bool unlink(const std::string& name) override {
        const auto [folder, leaf] = split(name);
        const UniqueFd in = root_.open_folder(folder);
        if (!in) return false;
        if (::unlinkat(in.get(), leaf.c_str(), 0) == 0) return true;
        if (errno == ENOENT) return false;
        throw io_error(fmt::format("cannot remove '{}'", root_.locate(name)), errno);
    }

    void remove_stale(std::chrono::seconds age) override {
        for (const FolderEntry& entry : list_folder("tmp")) {
            if (entry.is_folder || entry.name.size() != temporary_name_length) continue;
            const UniqueFd folder = root_.open_folder("tmp");
            if (folder && is_stale(folder.get(), entry.name, age)) ::unlinkat(folder.get(), entry.name.c_str(), 0);
        }
    }

private:
    /// nullptr if the file system or the kernel does not support O_TMPFILE, or there is no /proc to link from.
    std::unique_ptr<UnnamedFile> create_without_name() const {
        const UniqueFd in = root_.open_folder("");
        UniqueFd fd(open_retrying(in.get(), ".", O_TMPFILE | O_WRONLY, file_mode));
        if (!fd && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL || errno == ENOENT)) return nullptr;
        if (!fd) throw io_error(fmt::format("cannot make a file in '{}'", root_.locate("")), errno);
        if (::access(path_of_descriptor(fd.get()).c_str(), F_OK) != 0) return nullptr;
        return finish_create(std::move(fd), "");
    }

    std::unique_ptr<UnnamedFile> create_under_tmp() {
        make_folder("tmp");
        const UniqueFd folder = root_.open_existing_folder("tmp");
        const std::string name = RandomId<struct TemporaryTag>::make().hex();
        UniqueFd fd(open_retrying(folder.get(), name.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, file_mode));
        if (!fd) throw io_error(fmt::format("cannot make a file in '{}'", root_.locate("tmp")), errno);
        ::flock(
            fd.get(),
            LOCK_EX | LOCK_NB);  // shows remove_stale that the file is being written; if this fails, age alone decides
        return finish_create(std::move(fd), name);
    }

    std::unique_ptr<UnnamedFile> finish_create(UniqueFd fd, std::string temporary) const {
        const std::string shown = root_.locate(temporary.empty() ? "(new file)" : "tmp/" + temporary);
        if (::fchmod(fd.get(), file_mode) != 0)
            throw io_error(fmt::format("cannot set the mode of '{}'", shown), errno);
        return std::make_unique<PosixUnnamedFile>(root_, File(std::move(fd), shown), std::move(temporary), naming_);
    }

    std::vector<FolderEntry> read_entries(DIR* handle, const std::string& folder) const {
        std::vector<FolderEntry> entries;
        for (;;) {
            errno = 0;
            const dirent* entry = ::readdir(handle);
            if (entry == nullptr && errno != 0)
                throw io_error(fmt::format("cannot list folder '{}'", root_.locate(folder)), errno);
            if (entry == nullptr) return entries;
            const std::string name = entry->d_name;
            if (name != "." && name != "..") entries.push_back({name, is_folder(handle, *entry)});
        }
    }

    static bool is_folder(DIR* handle, const dirent& entry) {
        if (entry.d_type != DT_UNKNOWN) return entry.d_type == DT_DIR;
        struct stat st {};
        return ::fstatat(::dirfd(handle), entry.d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
    }

    static bool is_stale(int folder, const std::string& name, std::chrono::seconds age) {
        const UniqueFd fd(open_retrying(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
        struct stat st {};
        if (!fd || ::fstat(fd.get(), &st) != 0 || !S_ISREG(st.st_mode)) return false;
        const auto written = std::chrono::system_clock::from_time_t(st.st_mtim.tv_sec);
        return written + age < std::chrono::system_clock::now() && ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0;
    }

    Root root_;
    std::atomic<bool> named_;
    const Naming naming_;
};

}  // namespace

std::unique_ptr<LocalFiles> open_posix_files(const std::string& path, UnnamedKind kind) {
    UniqueFd fd(open_retrying(AT_FDCWD, path.c_str(), O_RDONLY | O_DIRECTORY));
    if (!fd && (errno == ENOENT || errno == ENOTDIR))
        throw Error(
            ErrorCode::not_found,
            fmt::format("'{}' is not a varve repository: there is no such folder; 'varve init' makes one", path));
    if (!fd) throw io_error(fmt::format("cannot open folder '{}'", path), errno);
    return std::make_unique<PosixFiles>(Root(std::move(fd), path), kind);
}

namespace {

/// Creates the folders that lead to `path` and do not exist, as `mkdir -p` does, and makes their names durable.
void make_parent_folders(const std::string& path) {
    namespace fs = std::filesystem;
    fs::path folder = fs::absolute(path).lexically_normal();
    if (!folder.has_filename()) folder = folder.parent_path();
    std::vector<fs::path> missing;
    std::error_code error;
    for (folder = folder.parent_path(); !fs::exists(fs::symlink_status(folder, error)); folder = folder.parent_path())
        missing.push_back(folder);
    for (auto next = missing.rbegin(); next != missing.rend(); ++next) {
        if (::mkdir(next->c_str(), 0777) != 0 && errno != EEXIST)
            throw io_error(fmt::format("cannot make folder '{}'", next->string()), errno);
        sync_folder(*next / "..");
    }
}

}  // namespace

void make_root_folder(const std::string& path) {
    make_parent_folders(path);
    if (::mkdir(path.c_str(), folder_mode) != 0 && errno != EEXIST)
        throw io_error(fmt::format("cannot make folder '{}'", path), errno);
    const UniqueFd fd(open_retrying(AT_FDCWD, path.c_str(), O_RDONLY | O_DIRECTORY));
    if (!fd) throw io_error(fmt::format("cannot open folder '{}'", path), errno);
    if (open_posix_files(path)->list_folder("").empty() && ::fchmod(fd.get(), folder_mode) != 0 && errno != EPERM)
        throw io_error(fmt::format("cannot set the mode of folder '{}'", path), errno);
    sync_folder(std::filesystem::absolute(path).lexically_normal() / "..");
}

}  // namespace varve
