#pragma once

#include <optional>
#include <string>

#include "tests/model/log_append.h"
#include "tests/model/view.h"

namespace varve::model {

/// Forgets one snapshot as soon as it exists: a named one, or by rules the oldest that is neither the newest nor on
/// hold. Earlier entries may have forgotten it, put it on hold or left it as the newest, so after a lost race it
/// chooses again.
class Forgetter {
public:
    explicit Forgetter(SnapshotId snapshot) : named_(snapshot) {}
    static Forgetter by_rules() { return Forgetter(); }

    std::string name() const {
        return named_ ? "forgetter of S" + std::to_string(*named_) : std::string("forgetter by rules");
    }
    bool is_done() const { return next_ == Next::nothing; }
    bool can_step(const Environment& env) const;
    void step(Step& step);
    void add_to(StateHash& hash) const;

private:
    enum class Next { read_log, forget, nothing };

    Forgetter() = default;
    /// The snapshot to forget as the view shows it, if any.
    std::optional<SnapshotId> choose(const View& view) const;
    void choose_again(const Step& step);

    std::optional<SnapshotId> named_;  // nothing: by rules
    SnapshotId chosen_ = 0;
    Next next_ = Next::read_log;
    std::size_t view_ = 0;
    LogAppend append_;
};

}  // namespace varve::model
