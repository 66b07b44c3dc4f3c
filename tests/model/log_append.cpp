#include "tests/model/log_append.h"

namespace varve::model {

LogAppend::Result LogAppend::step(Step& step, const Entry& entry, std::size_t number) {
    Environment& env = step.env;
    const std::string name = "log/" + std::to_string(number);
    const bool was_in_doubt = in_doubt_;
    in_doubt_ = false;
    if (is_to_be_synced_) {
        env.sync_log();
        step.tell([&] { return "syncs " + name; });
        return entered(step, number);
    }

    if (env.log.size() >= number) {
        const bool own = env.log.at(number).author == entry.author;
        const bool asks = env.rules.on(Rule::recognise_own_entry) &&
                          (was_in_doubt || env.rules.on(Rule::recognise_after_every_refusal));
        step.tell([&] { return (was_in_doubt ? "reads " : "is refused ") + name; });
        if (!own) return Result::lost_race;
        step.tell([&] { return asks ? "which is its own entry" : "and does not see that the entry is its own"; });
        if (!asks) return Result::lost_race;
        if (env.rules.on(Rule::sync_recognised_entry)) env.sync_log();
        return entered(step, number);
    }
    if (was_in_doubt) {
        step.tell([&] { return "finds no " + name + " yet"; });
        return Result::pending;
    }
    if (env.faults.late_requests > 0 && step.choices.yes_or_no()) {
        --env.faults.late_requests;
        env.late.push_back({.kind = LateRequest::Kind::put_entry, .number = number, .entry = entry});
        in_doubt_ = true;
        step.tell([&] { return "sends " + name + " and gives up waiting: " + entry.text(); });
        return Result::pending;
    }
    env.put_entry(number, entry);
    step.tell([&] { return "enters " + name + ": " + entry.text(); });
    if (env.faults.lost_replies > 0 && step.choices.yes_or_no()) {
        --env.faults.lost_replies;
        in_doubt_ = true;
        step.tell([&] { return "the reply is lost"; });
        return Result::pending;
    }
    if (env.power_may_fail()) {
        is_to_be_synced_ = true;
        return Result::pending;
    }
    return entered(step, number);
}

LogAppend::Result LogAppend::entered(Step& step, std::size_t number) {
    if (step.env.durable_entries < number) {
        step.env.violation = "log/" + std::to_string(number) + " is reported as entered, and is not durable";
    }
    return Result::entered;
}

}  // namespace varve::model
