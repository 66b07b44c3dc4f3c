// group_by_hand REPO GROUP TIME DISK[=NAME]... -- [NAME TEXT]...: enters the newest snapshots of these disks once more,
// as one group, under other names if given, with attachments; also with names that no backup would write.
// group_by_hand REPO forget ID: enters that this snapshot is forgotten.

#include <cstdio>

#include "engine/base/random.h"
#include "engine/base/timestamp.h"
#include "store/backend/local_backend.h"
#include "tests/support/group_by_hand.h"

using namespace varve;

namespace {

SnapshotRecord newest(const test::TestRepository& host, const std::string& disk) {
    return host.catalog->snapshots(disk).back().record;
}

void forget(test::TestRepository& host, const std::string& id) {
    LogEntry entry;
    random_bytes(entry.nonce);
    entry.body = ForgetEntry{{host.catalog->snapshots_by_prefix(id).at(0).record.id}};
    if (!host.log.append(host.catalog->head(), entry)) throw Error(ErrorCode::conflict, "the log has moved on");
}

void enter_group(test::TestRepository& host, const std::vector<std::string>& words) {
    std::vector<SnapshotRecord> members;
    std::size_t next = 3;
    for (; words.at(next) != "--"; ++next) {
        const std::size_t equals = words[next].find('=');
        SnapshotRecord member = newest(host, words[next].substr(0, equals));
        if (equals != std::string::npos) member.disk = words[next].substr(equals + 1);
        member.time = parse_time(words.at(2));
        members.push_back(std::move(member));
    }
    test::NamedTexts texts;
    for (++next; next < words.size(); next += 2) texts.emplace_back(words[next], words.at(next + 1));
    for (const auto& member : test::commit_group(host.repository, host.progress, words[1], members, texts))
        std::printf("%s\n", member.id.hex().c_str());
}

void run(const std::vector<std::string>& words) {
    const auto backend = LocalBackend::open(words.at(0));
    test::TestRepository host(*backend);
    host.snapshots();  // catches up
    if (words.at(1) == "forget")
        forget(host, words.at(2));
    else
        enter_group(host, words);
}

}  // namespace

int main(int argc, char** argv) {
    try {
        run({argv + 1, argv + argc});
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "group_by_hand: %s\n", error.what());
        return 1;
    }
}
