#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace varve::model {

/// The 128-bit name under which the explorer remembers a state. The probability that two of n states share a name by
/// chance is about n² / 2^129: below 10^-25 for the millions of states explored here.
class StateHash {
public:
    void add(std::size_t value) {
        first_ = mix(first_ ^ value) + 0x9e3779b97f4a7c15U;
        second_ = mix(second_ + value * 0xc2b2ae3d27d4eb4fU) ^ 0x165667b19e3779f9U;
    }

    template <class T>
    void add(const std::optional<T>& value) {
        add(value ? std::size_t{1} : std::size_t{0});
        if (value) add(*value);
    }

    template <class T>
    void add(const std::vector<T>& values) {
        add(values.size());
        for (const T& value : values) add(value);
    }

    template <class T>
    requires requires(const T& part, StateHash& hash) { part.add_to(hash); }
    void add(const T& part) { part.add_to(*this); }

    std::uint64_t first() const { return first_; }
    std::uint64_t second() const { return second_; }
    friend bool operator==(const StateHash&, const StateHash&) = default;

private:
    static std::uint64_t mix(std::uint64_t x) {
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
        x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
        return x ^ (x >> 31);
    }

    std::uint64_t first_ = 0;
    std::uint64_t second_ = 1;
};

}  // namespace varve::model
