#include "storage/journal/lookup.hpp"

#include "storage/journal/index.hpp"
#include "storage/journal/scan.hpp"
#include "storage/journal/segment_file.hpp"

namespace mira::journal {

storage::event copy_of(const record& r) {
    storage::event e;
    e.id = r.event.id;
    e.sequence = r.sequence;
    e.time = r.event.time;
    e.tenant = r.event.tenant;
    e.source = r.event.source;
    e.key = r.event.key;
    for (const kept_field& f : fields_of(r)) e.fields.emplace_back(f.name, f.value);
    e.body = r.event.body;
    return e;
}

result<std::optional<storage::event>> find_in_segment(const std::filesystem::path& dir,
                                                      const segment_header& h, const event_id& id) {
    const auto file = mapped_file::open(dir / segment_name(h.number));
    if (!file && file.error() == boost::system::errc::no_such_file_or_directory)
        return std::optional<storage::event>{}; // past its retention since the caller learnt of it
    if (!file) return file.error();
    if (const auto offset = find_in_index(dir, h, id)) {
        if (!*offset) return std::optional<storage::event>{};
        if (**offset < file->bytes().size()) {
            const auto r = decode_record(file->bytes().substr(**offset), h.epoch);
            if (r && r->type == record_type::event && r->event.id == id) return std::optional{copy_of(*r)};
        }
    }
    // No index, or one that lies: the segment itself knows.
    std::optional<storage::event> found;
    scan_segment(file->bytes(), [&](const record& r, std::uint64_t) {
        if (r.type == record_type::event && r.event.id == id) found = copy_of(r);
    });
    return found;
}

} // namespace mira::journal
