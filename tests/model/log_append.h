#pragma once

#include <cstddef>

#include "tests/model/environment.h"

namespace varve::model {

/// Enters one entry at one number: the path to the commit point, shared by writer, forgetter and pruner.
class LogAppend {
public:
    enum class Result {
        pending,    ///< step again
        entered,    ///< the entry at the number is this one
        lost_race,  ///< the number has another actor's entry: read it before trying the next number
    };

    Result step(Step& step, const Entry& entry, std::size_t number);

    void add_to(StateHash& hash) const {
        hash.add((in_doubt_ ? std::size_t{1} : 0) + (is_to_be_synced_ ? std::size_t{2} : 0));
    }

private:
    static Result entered(Step& step, std::size_t number);

    bool in_doubt_ = false;         // a request was sent, and no reply came
    bool is_to_be_synced_ = false;  // the entry was put, and power may fail
};

}  // namespace varve::model
