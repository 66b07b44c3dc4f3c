#pragma once
/// A new image of several files in one folder: a head, under the name that the user gave, and data files under names
/// made from it. Under the user's name there is either what was there before, or a whole image.
///
/// All names are checked before a byte is written. At the end the data files get their names first, one by one, and
/// durably; then the head does, as output_file.h tells of a single file. When anything fails before the head has its
/// name, the data files that this image put there are taken away again: only those very files, told by device and
/// inode. What a crash (kill -9, a power cut) leaves in that last moment: data files without a head, which block the
/// name for the next try until somebody removes them; before it, hidden files at most (`.NAME.varve-XXXXXXXX.tmp`).
///
/// Decisions. A data file never replaces anything, with or without force: a crash in between would leave an old head
/// over new data. The head may. Where it does, the data files take over its owner, group and permissions too, since
/// they hold the disk. A process may have few files open (1,024 are common), and an image thousands of data files: the
/// last 64 that were finished stay open without a name, those before are closed under a hidden one.

#include <memory>
#include <string>
#include <vector>

#include "formats/guard/target_rules.h"
#include "formats/output/output.h"

namespace varve {

class OutputFiles {
public:
    virtual ~OutputFiles() = default;

    /// Begins data file `number`, once for each, in any order; it must not outlive this. Its commit() says that it is
    /// whole, and makes it durable, still without a name.
    virtual std::unique_ptr<Output> begin_part(std::size_t number) = 0;

    /// Gives all files their names, the head with `head` as its content. Once, as the last call; all parts are whole.
    /// After any error nothing is left of them, but for one: the folder could not be synced at the very end, which the
    /// error says.
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
