// Loaded into the program (LD_PRELOAD): the clock of the day is ahead by the seconds that CLOCK_SHIFT states, or
// behind. With CLOCK_JUMP=N it jumps while the program runs: only from the N-th question on.

#include <dlfcn.h>
#include <sys/time.h>
#include <atomic>
#include <cstdlib>
#include <ctime>

namespace {

long number_in(const char* name) {
    const char* text = std::getenv(name);
    return text == nullptr ? 0 : std::strtol(text, nullptr, 10);
}

long shift() {
    static const long seconds = number_in("CLOCK_SHIFT");
    static const long first = number_in("CLOCK_JUMP");
    static std::atomic<long> questions{0};
    return ++questions >= first ? seconds : 0;
}

template <typename F>
F real_call(const char* name, F) {
    return reinterpret_cast<F>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* time) noexcept {
    const int result = real_call("clock_gettime", &::clock_gettime)(clock, time);
    if (result == 0 && clock == CLOCK_REALTIME) time->tv_sec += shift();
    return result;
}

int gettimeofday(timeval* time, void* zone) noexcept {
    const int result = real_call("gettimeofday", &::gettimeofday)(time, zone);
    if (result == 0) time->tv_sec += shift();
    return result;
}

time_t time(time_t* to) noexcept {
    const time_t now = real_call("time", &::time)(nullptr) + shift();
    if (to != nullptr) *to = now;
    return now;
}

}  // extern "C"
