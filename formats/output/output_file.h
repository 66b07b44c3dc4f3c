#pragma once
/// A new regular file that appears under its final name only when it is complete and durable. Until then it has no name
/// at all (O_TMPFILE) or, where the file system can't do that, a hidden one next to it: `.NAME.varve-XXXXXXXX.tmp`.
///
/// A crash never leaves anything under the final name. With O_TMPFILE it leaves nothing at all; without it, a kill -9
/// leaves the hidden file. An error or normal unwinding (SIGINT) removes the hidden file too.
///
/// Decisions: a new file gets mode 0666 & ~umask, as with qemu-img, unless the rules give one. A file that replaces
/// another takes over its owner, group and permissions, so that a restore never opens a private disk to others. A
/// symbolic link at the final name is refused, with or without force. Names are resolved in the folder opened at the
/// start. Force replaces the file that existed at the start and nothing that came later, which may be a part of another
/// image of the same call.

#include <memory>
#include <string>

#include "formats/guard/target_rules.h"
#include "formats/output/output.h"

namespace varve {

/// Checks the final name and creates the unnamed or hidden file. Throws Error(refused) before anything is written when
/// the name exists and is not an ordinary file, is forbidden, is in use (target_rules.h), or needs force;
/// Error(not_found) without the folder. commit() repeats the checks: a name that appeared in between is left alone
/// (Error(refused)). After an error of commit() the final name is as it was, with one exception, which the error
/// states: the folder could not be synced. `folder` is where the last part of `path` is looked up; null: the folder
/// that `path` names. Not needed after the call.
std::unique_ptr<Output> create_output_file(const std::string& path, const TargetRules& rules,
                                           const File* folder = nullptr);

}  // namespace varve
