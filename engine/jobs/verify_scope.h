#pragma once
/// How much of the repository a verify job reads.

namespace varve {

enum class VerifyScope {
    snapshots,   ///< the packs that the snapshots use
    repository,  ///< every pack that an entry names, whether a snapshot uses it or not
};

}  // namespace varve
