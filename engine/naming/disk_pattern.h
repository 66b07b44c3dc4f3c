#pragma once
/// Patterns that select disks by name: a disk (`web01/vda`), a machine with all its disks (`web01`), or either with
/// `*`, `?` and `[...]` as in a shell (`web*`, `*/vda`), where `*` also matches '/'. Pure functions.

#include <span>
#include <string>
#include <vector>

#include "engine/repository/catalog.h"

namespace varve {

/// Whether `disk`, or a machine (the disk's name up to one of its '/'), matches.
bool matches_disk(const std::string& pattern, const std::string& disk);

/// What exists instead of a disk or pattern that matches nothing, as the second half of a sentence: the nearest name,
/// or the disks of the machine that has this name.
std::string advice_on_disks(std::span<const ListedSnapshot> snapshots, const std::string& pattern);

/// Whether the disk is selected by `patterns`: without patterns each is.
bool is_selected(std::span<const std::string> patterns, const std::string& disk);

/// Throws Error(not_found) for a pattern that matches no disk of `snapshots`, which are all that the repository has.
void check_disk_patterns(std::span<const ListedSnapshot> snapshots, std::span<const std::string> patterns);

/// Those of `all` whose disk is selected by `patterns`, in their order. Throws like check_disk_patterns().
std::vector<ListedSnapshot> snapshots_of_disks(const std::vector<ListedSnapshot>& all,
                                               const std::vector<std::string>& patterns);

}  // namespace varve
