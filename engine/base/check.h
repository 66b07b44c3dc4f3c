#pragma once
/// VARVE_CHECK(condition): a rule that only a programmer can break. It stays on in release builds: a broken rule aborts
/// the process and names its source line, before anything wrong is written.

namespace varve {
[[noreturn]] void check_failed(const char* condition, const char* file, int line);
}

#define VARVE_CHECK(condition) \
    (static_cast<bool>(condition) ? static_cast<void>(0) : ::varve::check_failed(#condition, __FILE__, __LINE__))
