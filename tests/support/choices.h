#pragma once

#include <cstddef>
#include <random>
#include <vector>

namespace varve::test {

/// Free choices, such as what a power failure leaves, or which packs a list shows to an actor of the model. What
/// depends on them is run again and again, each time along another path of answers, until none is left. A random walk
/// runs it once, with random answers.
class Choices {
public:
    Choices() = default;
    /// Borrows `random`, which gives all answers.
    explicit Choices(std::mt19937_64& random) : random_(&random) {}

    /// A number below `count`; over all runs, every one of them.
    std::size_t pick(std::size_t count) {
        if (random_ != nullptr) return (*random_)() % count;
        if (asked_ == path_.size()) path_.push_back({0, count});
        return path_[asked_++].answer;
    }

    bool yes_or_no() { return pick(2) == 1; }

    /// Moves to the next path. False if all have been taken.
    bool next() {
        asked_ = 0;
        while (!path_.empty()) {
            if (++path_.back().answer < path_.back().count) return true;
            path_.pop_back();
        }
        return false;
    }

private:
    struct Question {
        std::size_t answer;
        std::size_t count;
    };
    std::mt19937_64* random_ = nullptr;
    std::vector<Question> path_;
    std::size_t asked_ = 0;
};

}  // namespace varve::test
