#pragma once
/// A new image of several files in one folder: a head, under the name that the user gave, and data files under names
/// derived from it. The user's name refers either to what existed before or to a complete image.
///
/// All names are checked before a byte is written. At the end the data files get their names first, one by one, and
/// durably; then the head gets its name, in the way that output_file.h describes for a single file. If anything fails
/// before the head has its name, the data files of this image are removed again: only those very files, identified by
/// device and inode. A crash (kill -9, a power cut) in that last moment leaves data files without a head, which block
/// the name for the next attempt until they are removed; an earlier crash leaves at most hidden files
/// (`.NAME.varve-XXXXXXXX.tmp`).
///
/// Decisions. A data file never replaces anything, with or without force: a crash in between would leave an old head
/// over new data. The head may replace a file. If it does, the data files take over its owner, group and permissions
/// too, since they hold the disk. A process may have few files open (1,024 is common), but an image can have thousands
/// of data files: the last 64 that were finished stay open without a name, earlier ones are closed under a hidden name.

#include <memory>
#include <string>
#include <vector>

#include "formats/guard/target_rules.h"
#include "formats/output/output.h"

namespace varve {

class OutputFiles {
public:
    virtual ~OutputFiles() = default;

    /// Begins data file `number`, once for each, in any order; it must not outlive this object. Its commit() declares
    /// it complete and makes it durable, still without a name.
    virtual std::unique_ptr<Output> begin_part(std::size_t number) = 0;

    /// Begins the head, for an image whose head is not a text that commit() gets: once, and before commit(), whose
    /// `head` is then empty. Otherwise as begin_part().
    virtual std::unique_ptr<Output> begin_head() = 0;

    /// Gives all files their names; the content of the head is `head`. Once, as the last call; all parts are complete.
    /// After an error no file is left, with one exception, which the error states: the folder could not be synced at
    /// the very end.
    virtual void commit(ByteView head) = 0;

    /// Of all files.
    virtual ByteCount bytes_written() const = 0;
};

/// Checks all names: `path` and, in the same folder, `parts` (plain names, different from each other and from the last
/// part of `path`). Throws what create_output_file() throws, and Error(refused) where a part's name is taken. `folder`
/// as there.
std::unique_ptr<OutputFiles> create_output_files(const std::string& path, std::vector<std::string> parts,
                                                 const TargetRules& rules, const File* folder = nullptr);

}  // namespace varve
