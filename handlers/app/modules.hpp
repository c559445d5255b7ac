#pragma once
// Each module's own structs, filled from the settings.
#include "engine/http/edge_limits.hpp"
#include "engine/net/admission.hpp"
#include "handlers/limits/peer_admission.hpp"
#include "handlers/settings/settings.hpp"
#include "storage/journal/journal.hpp"
#include "storage/memory/bucket_store.hpp"

namespace mira::app {

http::edge_limits edge_limits_of(const settings::settings& s);
http::trust trust_settings(const settings::settings& s);
net::admission_limits admission_limits(const settings::settings& s);
limits::peer_admission::settings peer_settings(const settings::settings& s, std::size_t reactors);
memory::bucket_store::settings bucket_settings(const settings::settings& s);
journal::settings journal_settings(const settings::settings& s, bool salvage, bool takeover);

} // namespace mira::app
