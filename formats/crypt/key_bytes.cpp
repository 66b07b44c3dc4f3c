#include "formats/crypt/key_bytes.h"

#include <openssl/crypto.h>

namespace varve::crypt {

void clear_memory(void* memory, std::size_t bytes) { OPENSSL_cleanse(memory, bytes); }

}  // namespace varve::crypt
