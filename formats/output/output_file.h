#pragma once
/// A new regular file that appears under its final name only when it is whole and durable. Until then it has no name
/// at all (O_TMPFILE); where the file system can't do that, a hidden one beside the final: `.NAME.varve-XXXXXXXX.tmp`.
///
/// What a crash leaves: nothing under the final name, ever; with O_TMPFILE nothing at all, else the hidden file after a
/// kill -9. An error or a plain unwinding (SIGINT) removes the hidden file too.
///
/// Decisions: a new file gets mode 0666 & ~umask, as qemu-img gives; a file that replaces another takes over its
/// owner, group and permissions, so that a restore never opens a private disk to others. A symbolic link at the final
/// name is refused, with or without force. Names are resolved under the folder opened at the start. Force replaces what
/// was there at the start, and nothing that came later: that may be a part of another image of the same call.

#include <memory>
#include <string>

#include "formats/guard/target_rules.h"
#include "formats/output/output.h"

namespace varve {

/// Checks the final name and creates the unnamed or hidden file. Throws Error(refused) before anything is written when
/// the name exists and is not an ordinary file, is forbidden, is in use (target_rules.h), or needs force;
/// Error(not_found) without the folder. commit() repeats the checks: a name that appeared in between is left alone
/// (Error(refused)). After any error of commit() the final name is as it was, but for one: the folder could not be
/// synced, which the error says.
/// `folder`: where the last part of `path` is looked up; null: the folder that `path` names. Not needed after the call.
std::unique_ptr<Output> create_output_file(const std::string& path, const TargetRules& rules,
                                           const File* folder = nullptr);

}  // namespace varve
