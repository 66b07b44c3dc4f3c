#pragma once
/// Reads one pack file from a backend: its header, its trailer (slot table and footer) and ranges of its frames. Keeps
/// nothing; safe from many threads. Errors name the file: Error(not_found) when it is missing, Error(corrupt) when its
/// bytes break FORMAT.md section 5.

#include <string>

#include "engine/repository/chunk_store.h"
#include "store/backend/backend.h"
#include "store/pack/pack_layout.h"

namespace varve {

class PackReader {
public:
    /// Borrows `backend`. Opens nothing yet.
    PackReader(const Backend& backend, const PackId& id);

    /// "pack file '…'": how error texts call it.
    const std::string& object() const { return object_; }

    /// Its length; at least that of an empty pack and at most what any pack may have.
    ByteCount size() const;

    /// The header, proved to be of this pack and repository.
    PackHeader read_header(const RepositoryId& repository) const;

    /// Facts and slot table from the file's own end, proved by its checksum and against header and length. The digest
    /// is what the footer says: only a read of all bytes proves it.
    StoredPack read_trailer(const RepositoryId& repository) const;

    /// The SHA-256 of all bytes but the digest itself. Reads the whole file in pieces.
    Digest compute_digest() const;

    void read(ByteOffset at, ByteSpan out) const;

private:
    const Backend& backend_;
    PackId id_;
    std::string name_;
    std::string object_;
};

}  // namespace varve
