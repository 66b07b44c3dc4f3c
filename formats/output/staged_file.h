#pragma once
/// A new regular file on its way to its final name. It is written without any name (O_TMPFILE) or, where the file
/// system can't do that, under a hidden name next to the final one, `.NAME.varve-XXXXXXXX.tmp`. It gets its name in one
/// atomic step. One that is destroyed before that leaves nothing.
///
/// One thread at a time. Every call throws Error(io) when the file system refuses.

#include <sys/stat.h>
#include <optional>
#include <string>

#include "engine/base/file.h"
#include "formats/guard/target_rules.h"
#include "formats/output/early_writeback.h"
#include "formats/output/output.h"

namespace varve {

/// A name inside a folder that is held open, so that a later swap of a parent folder can't redirect it.
struct TargetName {
    const File* folder = nullptr;  ///< borrowed
    std::string name;
    std::string path;  ///< as the user typed it, for error texts
};

/// The folder that `path` names, or a second handle for `folder` if there is one. Throws Error(refused) when `path`
/// names a regular file, new or old, in /dev.
File folder_of(const std::string& path, const File* folder);

/// The last part of `path`, in `folder`. Throws Error(usage) if it is empty.
TargetName target_name(const std::string& path, const File& folder);

/// The status of the file under the name, if the rules allow replacing it; nothing if the name is free. Throws
/// Error(refused) as in target_rules.h, and for anything but a regular file.
std::optional<struct stat> replaceable_at(const TargetName& target, const TargetRules& rules);

/// Makes changes of names in `folder` durable; false, with errno, when that failed. On network file systems that can't
/// sync a folder it succeeds without effect.
bool sync_names(const File& folder);

class StagedFile {
public:
    /// Creates the file, with the permissions `mode` (nothing: 0666 & ~umask), or with owner, group and permissions of
    /// `replaced`. Without the right
    /// to change its owner, it stays with its creator and closed to everyone else.
    StagedFile(TargetName target, const std::optional<struct stat>& replaced, std::optional<mode_t> mode = {});
    ~StagedFile() { remove_hidden(); }
    StagedFile(const StagedFile&) = delete;
    StagedFile& operator=(const StagedFile&) = delete;

    void resize(ByteCount length) { file_.truncate(length); }
    void allocate(ByteCount length);
    void write(ByteOffset at, ByteView bytes);
    void sync() { file_.sync(); }
    ByteCount bytes_written() const { return bytes_written_; }

    /// Closes the file, which is synced and complete, under a hidden name: the number of open files is limited.
    void close_hidden();

    /// Takes the final name if it is free. Never replaces anything: Error(refused), which ends in `advice`.
    void appear(const char* advice);

    /// Takes the final name from the file that had it at the start, if that may still be replaced; else as appear().
    void take_name(const TargetRules& rules);

    /// Makes the name durable; an error states that the file exists.
    void sync_name() const;

    /// After appear(): removes the file again. Another file that has the name by then is left alone.
    void withdraw() noexcept;

private:
    void replace();
    void take_over_access(const struct stat& replaced);
    void set_mode(mode_t mode);
    bool take_hidden_name();
    bool link_unnamed_as(const std::string& name) const;
    /// False when the file system has no RENAME_NOREPLACE (NFS).
    bool rename_hidden_if_free(const char* advice) const;
    void remove_hidden() noexcept;
    [[noreturn]] void fail_to_publish(const char* advice) const;

    TargetName target_;
    bool is_replacement_;
    std::string hidden_;  ///< the temporary name; empty while the file has none
    File file_;
    FileIdentity identity_;
    EarlyWriteback writeback_;
    ByteCount bytes_written_;
};

}  // namespace varve
