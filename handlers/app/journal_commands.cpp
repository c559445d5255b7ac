#include "engine/base/encoding.hpp"
#include "engine/config/units.hpp"
#include "handlers/app/commands.hpp"
#include "storage/journal/lookup.hpp"
#include "storage/journal/recovery.hpp"
#include "storage/journal/segment_file.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <cstdio>
#include <filesystem>

namespace mira::app {
namespace {

int cannot_read(const std::string& dir, const error_code& ec) {
    std::fprintf(stderr, "mira: cannot read the journal in %s: %s\n", dir.c_str(), ec.message().c_str());
    return 1;
}

// Header names come several times: then the value is a list.
boost::json::object headers_of(const std::vector<std::pair<std::string, std::string>>& fields) {
    boost::json::object o;
    for (const auto& [name, value] : fields) {
        boost::json::value& slot = o[name];
        if (slot.is_null())
            slot = value;
        else if (slot.is_string())
            slot = boost::json::array{slot, value};
        else
            slot.get_array().push_back(boost::json::string{value});
    }
    return o;
}

std::string line_of(const storage::event& e) {
    boost::json::object o;
    o["id"] = e.id.text();
    o["seq"] = e.sequence;
    o["time"] = config::format_time(e.time);
    o["tenant"] = e.tenant;
    o["source"] = e.source;
    o["key"] = e.key.empty() ? boost::json::value(nullptr) : boost::json::value(boost::json::string{e.key});
    o["headers"] = headers_of(e.fields);
    o["body_base64"] = to_base64(as_bytes(e.body));
    o["outcomes"] = boost::json::array{};
    return boost::json::serialize(o) + "\n";
}

std::string short_line_of(const storage::event& e) {
    return e.id.text() + "  " + config::format_time(e.time) + "  " + e.tenant + "/" + e.source + "  " +
           std::to_string(e.body.size()) + " bytes" + (e.key.empty() ? "" : "  key " + e.key) + "\n";
}

// Says what is unsound and returns the exit code.
int report(const journal::inspection& found) {
    for (const journal::finding& f : found.findings)
        std::fprintf(stderr, "%s: %s: %s\n", f.corrupt ? "corrupt" : "note", f.place.c_str(), f.what.c_str());
    return found.corrupt() ? 1 : 0;
}

} // namespace

int verify_journal(const std::string& dir) {
    const auto found = journal::inspect(dir, [](const journal::record&, std::uint64_t, std::uint64_t) {});
    if (!found) return cannot_read(dir, found.error());
    for (std::size_t i = 0; i < found->segments.size(); ++i) {
        const journal::segment_scan& s = found->segments[i];
        if (s.empty()) continue;
        std::printf("%s: %llu events, sequence numbers %llu to %llu, %s\n",
                    journal::segment_name(found->numbers[i]).c_str(),
                    static_cast<unsigned long long>(s.events),
                    static_cast<unsigned long long>(s.first_sequence),
                    static_cast<unsigned long long>(s.next_sequence - 1), s.sealed ? "sealed" : "open");
    }
    const int code = report(*found);
    std::printf("%llu events: %s\n", static_cast<unsigned long long>(found->events),
                code == 0 ? "sound" : "NOT SOUND");
    return code;
}

int dump_journal(const std::string& dir, bool json) {
    const auto found = journal::inspect(dir, [json](const journal::record& r, std::uint64_t, std::uint64_t) {
        const storage::event e = journal::copy_of(r);
        std::fputs((json ? line_of(e) : short_line_of(e)).c_str(), stdout);
    });
    if (!found) return cannot_read(dir, found.error());
    return report(*found);
}

int find_in_journal(const std::string& dir, const std::string& id) {
    const auto wanted = event_id::parse(id);
    if (!wanted) {
        std::fprintf(stderr, "mira: %s is no event id; one is evt_ and 26 characters\n", id.c_str());
        return 2;
    }
    const auto numbers = journal::list_segments(dir);
    if (!numbers) return cannot_read(dir, numbers.error());
    for (const std::uint64_t n : *numbers) {
        const auto header = journal::read_header(dir, n);
        if (!header) continue;
        const auto e = journal::find_in_segment(dir, *header, *wanted);
        if (!e) return cannot_read(dir, e.error());
        if (!*e) continue;
        std::fputs(line_of(**e).c_str(), stdout);
        return 0;
    }
    std::fprintf(stderr, "mira: no event %s in %s\n", id.c_str(), dir.c_str());
    return 1;
}

int salvage_journal(const std::string& dir) {
    std::string holder;
    const auto lock = journal::directory_lock::take(dir, holder);
    if (!lock) return cannot_read(dir, lock.error());
    if (!*lock) {
        std::fprintf(stderr, "mira: the journal in %s is in use by process %s\n", dir.c_str(),
                     holder.c_str());
        return 1;
    }
    const auto found = journal::inspect(dir, [](const journal::record&, std::uint64_t, std::uint64_t) {});
    if (!found) return cannot_read(dir, found.error());
    report(*found);
    const auto done = journal::recover(dir, *found, true);
    if (!done) return cannot_read(dir, done.error());
    std::printf("%llu events are readable and kept; damaged segments are set aside as *.damaged\n",
                static_cast<unsigned long long>(found->events));
    return 0;
}

} // namespace mira::app
