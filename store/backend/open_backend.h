#pragma once
/// Chooses the backend by a repository's location: today a local folder. Another kind of place is one more prefix here.

#include <memory>
#include <string>

#include "store/backend/backend.h"

namespace varve {

/// Opens an existing place. Throws Error(not_found) when it does not exist, Error(unsupported) for a kind of place that
/// this version does not know.
std::unique_ptr<Backend> open_backend(const std::string& location);

/// Opens the place and creates it first if it does not exist. Throws Error(unsupported) like open_backend().
std::unique_ptr<Backend> create_backend(const std::string& location);

}  // namespace varve
