#pragma once
/// A new regular file on its way to its final name: written without any name (O_TMPFILE), or under a hidden one beside
/// the final, `.NAME.varve-XXXXXXXX.tmp`, where the file system can't do that. What it gets its name by is one atomic
/// step. One that is destroyed before leaves nothing.
///
/// One thread at a time. Every call throws Error(io) for what the file system refuses.

#include <sys/stat.h>
#include <optional>
#include <string>

#include "engine/base/file.h"
#include "formats/guard/target_rules.h"
#include "formats/output/early_writeback.h"
#include "formats/output/output.h"

namespace varve {

/// A name inside a folder that is held open, so that no later swap of a path's parts leads elsewhere.
struct TargetName {
    const File* folder = nullptr;  ///< borrowed
    std::string name;
    std::string path;  ///< as the user typed it, for error texts
};

/// The folder that `path` names, or another handle for `folder` if there is one.
File folder_of(const std::string& path, const File* folder);

/// The last part of `path`, in `folder`. Throws Error(usage) for one that is empty.
TargetName target_name(const std::string& path, const File& folder);

/// What lies there, if it is a file that the rules let go; nothing if the name is free. Throws Error(refused) as
/// target_rules.h has it, and for what is not a regular file.
std::optional<struct stat> replaceable_at(const TargetName& target, const TargetRules& rules);

/// Makes what happened to names in `folder` durable; false, with errno, when that failed. Some network file systems
/// have no sync of a folder: there is nothing more to do there.
bool sync_names(const File& folder);

class StagedFile {
public:
    /// Creates it, with mode 0666 & ~umask, or with owner, group and permissions of `replaced`. Without the right to
    /// give it to that owner it stays with its creator, and closed to everybody else.
    StagedFile(TargetName target, const std::optional<struct stat>& replaced);
    ~StagedFile() { remove_hidden(); }
    StagedFile(const StagedFile&) = delete;
    StagedFile& operator=(const StagedFile&) = delete;

    void resize(ByteCount length) { file_.truncate(length); }
    void allocate(ByteCount length);
    void write(ByteOffset at, ByteView bytes);
    void sync() { file_.sync(); }
    ByteCount bytes_written() const { return bytes_written_; }

    /// Closes the file, which is synced and gets no more bytes, under a hidden name: a process holds only so many.
    void close_hidden();

    /// Takes the final name if nobody has it, and never replaces anything: Error(refused), which ends in `advice`.
    void appear(const char* advice);

    /// Takes the final name from the file that was there at the start, if it still may be replaced; else as appear().
    void take_name(const TargetRules& rules);

    /// Makes the name durable; an error says that the file is there.
    void sync_name() const;

    /// After appear(): takes the file away again. What lies under the name by then, if it is another, is left alone.
    void withdraw() noexcept;

private:
    void replace();
    void take_over_access(const struct stat& replaced);
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
