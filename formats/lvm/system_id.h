#pragma once
/// The name by which LVM ties a volume group to one host ("system_id"), so that no two hosts use it at once. Source:
/// lvmsystemid(7).

#include <string_view>

namespace varve::lvm {

/// Whether `id` is one that LVM may use on this host: its host name, its machine id, or the one set in lvmlocal.conf.
bool is_own_system_id(std::string_view id);

}  // namespace varve::lvm
