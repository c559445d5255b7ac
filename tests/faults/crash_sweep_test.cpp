// The process ends at every system call in turn, killed or with the power: what was acknowledged before is
// there exactly once, and the journal opens without a complaint. Each life is a forked process; what it was
// told comes through a pipe.
#include "tests/faults/disk.hpp"
#include "tests/faults/pumped_journal.hpp"
#include "tests/support/segment_builder.hpp"
#include "tests/support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <array>
#include <functional>
#include <optional>
#include <sstream>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace fs = std::filesystem;
using namespace mira;
using namespace mira::test;

namespace {

struct word {
    std::uint64_t number;
    fate what;
};

// Runs f in a process of its own under the plan; what it says by way of tell() goes into fates. Returns
// whether the plan ended the process.
using teller = std::function<void(std::uint64_t, fate)>;
bool run_apart(const disk::plan& p, const std::function<void(const teller&)>& f, account& fates,
               bool skip_syncs = false) {
    std::array<int, 2> pipe{};
    REQUIRE(::pipe(pipe.data()) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        ::close(pipe[0]);
        disk::start(p);
        disk::track_writes(p.end == disk::plan::power_cut);
        disk::skip_syncs(skip_syncs);
        f([&](std::uint64_t n, fate what) {
            const word w{n, what};
            if (::write(pipe[1], &w, sizeof w) != sizeof w) disk::end_process(3);
        });
        disk::end_process(7);
    }
    ::close(pipe[1]);
    word w{};
    while (::read(pipe[0], &w, sizeof w) == sizeof w) {
        fate& known = fates[w.number];
        if (w.what != fate::unknown || known == fate{}) known = w.what;
    }
    ::close(pipe[0]);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    REQUIRE((WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 7));
    return WEXITSTATUS(status) == 0;
}

void live(const fs::path& dir, std::uint64_t first, const teller& tell) {
    // Any of them may be found, whether or not its end was told.
    for (std::uint64_t n = first; n < first + 50; ++n) tell(n, fate::unknown);
    pumped_journal j{dir};
    j.told = tell;
    if (!j.open()) disk::end_process(4);
    live_once(j, first);
    j.close();
}

disk::plan ending(disk::plan::ending how, std::uint64_t nth, std::optional<disk::call> at = std::nullopt,
                  std::uint32_t seed = 0) {
    disk::plan p;
    p.at = at;
    p.nth = nth;
    p.end = how;
    p.seed = static_cast<std::uint32_t>(nth) * 16 + seed;
    return p;
}

struct figures {
    std::uint64_t lives = 0;
    std::uint64_t acknowledged = 0;
    std::uint64_t wrong = 0;
};

// The process ends at the n-th call (of that kind), for every n; then the next process opens the journal and
// lives on.
figures sweep(disk::plan::ending how, std::optional<disk::call> at = std::nullopt, std::uint32_t seed = 0,
              bool skip_syncs = false) {
    figures all;
    for (std::uint64_t nth = 1;; ++nth) {
        CAPTURE(nth);
        CAPTURE(seed);
        const temp_dir dir;
        account fates;
        const bool ended = run_apart(
            ending(how, nth, at, seed), [&](const teller& tell) { live(dir.path(), 1, tell); }, fates,
            skip_syncs);
        ++all.lives;
        for (const auto& [n, f] : fates) all.acknowledged += f == fate::acknowledged;
        const std::string wrong =
            check_account(dir.path(), fates, {.power_cut = how == disk::plan::power_cut});
        if (skip_syncs)
            all.wrong += !wrong.empty();
        else
            CHECK(wrong == "");
        if (!ended) return all;
        if (skip_syncs) continue;
        pumped_journal j{dir.path()};
        CHECK_MESSAGE(j.open(), (j.why.reasons.empty() ? "" : j.why.reasons[0]));
        CHECK(j.append_one(101));
    }
}

void report(std::string_view what, const figures& f) {
    std::ostringstream told;
    told << what << ": " << f.lives << " lives, " << f.acknowledged << " acknowledged";
    MESSAGE(told.str());
    CHECK(f.lives > 10);
    CHECK(f.acknowledged > f.lives);
}

// A journal as a crash left it: a sealed segment, one in use with a torn end, one prepared.
void make_crashed(const fs::path& dir, account& fates) {
    run_apart(
        ending(disk::plan::kill_within, 60), [&](const teller& t) { live(dir, 1, t); }, fates);
    REQUIRE(fates[1] == fate::acknowledged);
}

} // namespace

TEST_CASE("crash sweep: killed before a call") { report("killed before", sweep(disk::plan::kill_before)); }

TEST_CASE("crash sweep: killed within a call") {
    report("killed within", sweep(disk::plan::kill_within, disk::call::pwritev));
}

TEST_CASE("crash sweep: the power fails") {
    report("power cut", sweep(disk::plan::power_cut));
    for (std::uint32_t seed = 1; seed <= 4; ++seed)
        report("power cut within a write", sweep(disk::plan::power_cut, disk::call::pwritev, seed));
    report("power cut before a sync", sweep(disk::plan::power_cut, disk::call::fdatasync, 1));
}

TEST_CASE("crash sweep: the power fails while a group is written behind a mark") {
    // The mark was never synced. Its sector may be lost and the next one, with the group's frame, be there:
    // that is a torn end like any other.
    constexpr std::size_t sector = 512;
    for (const std::size_t mark_at : {sector - journal::smallest_record, sector - 32})
        for (std::uint32_t seed = 0; seed < 24; ++seed) {
            CAPTURE(mark_at);
            CAPTURE(seed);
            const temp_dir dir;
            account fates;
            storage::event first = numbered_event(1);
            const auto end = [&] {
                const viewed_event v{first};
                return journal::segment_header_bytes + journal::smallest_record +
                       journal::record_size(v.view());
            };
            while (end() % sector != mark_at) first.tenant += 'x';
            // The first write is the first event, the second the mark, the third the second event.
            const bool ended = run_apart(
                ending(disk::plan::power_cut, 3, disk::call::pwritev, seed),
                [&](const teller&) {
                    pumped_journal j{dir.path()};
                    if (!j.open()) disk::end_process(4);
                    j.append(first, 1);
                    j.eventually([] { return disk::count(disk::call::pwritev) >= 2; });
                    j.append({2, 3});
                },
                fates);
            CHECK(ended);
            std::size_t seen = 0;
            const auto found = journal::inspect(
                dir.path(), [&](const journal::record&, std::uint64_t, std::uint64_t) { ++seen; });
            REQUIRE(found.has_value());
            CHECK_FALSE(found->corrupt());
            CHECK(seen >= 1);
        }
}

TEST_CASE("crash sweep: a journal that does not sync is found out") {
    const figures f = sweep(disk::plan::power_cut, disk::call::pwritev, 0, true);
    CHECK(f.wrong > f.lives / 4);
}

TEST_CASE("crash sweep: the recovery from one crash is struck by another") {
    for (const auto how : {disk::plan::kill_within, disk::plan::power_cut})
        for (std::uint64_t nth = 1;; ++nth) {
            CAPTURE(nth);
            const temp_dir dir;
            account fates;
            make_crashed(dir / "journal", fates);
            const bool ended = run_apart(
                ending(how, nth), [&](const teller& t) { live(dir / "journal", 101, t); }, fates);
            CHECK(check_account(dir / "journal", fates, {.power_cut = how == disk::plan::power_cut}) == "");
            if (!ended || nth > 40) break; // from there it is as any life
        }
}

TEST_CASE("crash sweep: a salvage is struck, and the next one makes up for it") {
    for (const auto how : {disk::plan::kill_before, disk::plan::kill_within, disk::plan::power_cut})
        for (std::uint64_t nth = 1;; ++nth) {
            CAPTURE(nth);
            const temp_dir dir;
            const fs::path journal = dir / "journal";
            fs::create_directory(journal);
            account fates;
            segment_builder one{1, 1, 11}, two{2, 4, 22}, three{3, 6, 33};
            one.group({0}).group({0, 0}).seal();
            two.group({0, 0}).seal();
            three.group({0}).mark();
            for (segment_builder* const b : {&one, &two, &three}) b->save(journal);
            // The second event of the first segment, the whole second segment, the third one's header.
            flip(journal / journal::segment_name(1), one.events()[1].offset + 60);
            const std::string original = read_file(journal / journal::segment_name(1));
            fs::remove(journal / journal::segment_name(2));
            flip(journal / journal::segment_name(3), 20);

            account none;
            const auto salvage = [&](const teller&) {
                auto found =
                    journal::inspect(journal, [](const journal::record&, std::uint64_t, std::uint64_t) {});
                if (found) (void)journal::recover(journal, *found, true);
            };
            const bool ended = run_apart(ending(how, nth), salvage, none);
            salvage({});
            std::vector<std::uint64_t> left;
            const auto found = journal::inspect(journal, [&](const journal::record& r, std::uint64_t,
                                                             std::uint64_t) { left.push_back(r.sequence); });
            REQUIRE(found.has_value());
            CHECK(found->findings.empty());
            CHECK(left == std::vector<std::uint64_t>{1, 3, 6});
            CHECK(read_file(journal / (journal::segment_name(1) + ".damaged")) == original);
            if (!ended) break;
        }
}
