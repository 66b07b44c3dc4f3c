#pragma once
/// Reads one pack file from a backend: its header, its trailer (slot table and footer) and ranges of its frames. Caches
/// nothing; safe to use from many threads. Errors name the file: Error(not_found) if it is missing, Error(corrupt) if
/// its bytes violate FORMAT.md section 5.

#include <string>

#include "engine/repository/chunk_store.h"
#include "store/backend/backend.h"
#include "store/pack/pack_layout.h"

namespace varve {

class PackReader {
public:
    /// Borrows `backend`. Does not open the file.
    PackReader(const Backend& backend, const PackId& id);

    /// "pack file '…'", for error texts.
    const std::string& object() const { return object_; }

    /// Its length, which is at least that of an empty pack and at most pack_bytes_max.
    ByteCount size() const;

    /// The header, checked to be of this pack and repository.
    PackHeader read_header(const RepositoryId& repository) const;

    /// Facts and slot table from the end of the file, verified by its checksum and against header and length. The
    /// digest is the one in the footer: verifying it takes a read of all bytes.
    StoredPack read_trailer(const RepositoryId& repository) const;

    /// The SHA-256 of all bytes except the digest itself. Reads the whole file in pieces.
    Digest compute_digest() const;

    void read(ByteOffset at, ByteSpan out) const;

private:
    const Backend& backend_;
    PackId id_;
    std::string name_;
    std::string object_;
};

}  // namespace varve
