#include "handlers/settings/bounds.hpp"
#include "handlers/settings/fields.hpp"
#include "handlers/settings/schema.hpp"

#include <array>

namespace mira::settings {
namespace {

using config::applies;
using config::boolean_field;
using config::choice;
using config::choice_field;
using config::optional_field;
using config::text_field;
using config::visitor;

constexpr applies at_once = applies::at_once;

constexpr std::array limit_keys{choice{"client", limit_by::client}, choice{"source", limit_by::source},
                                choice{"tenant", limit_by::tenant}};
constexpr std::array shed_classes{choice{"never", shed_class::never}, choice{"minutes", shed_class::minutes},
                                  choice{"hours", shed_class::hours}, choice{"days", shed_class::days}};

} // namespace

void walk(visitor& v, limit& l) {
    v.visit({"by", "Whom the bucket belongs to.", at_once, true}, choice_field{l.by, limit_keys});
    v.visit({"header", "The header that names the client, with by client.", at_once, false,
             "the client's address"},
            optional_field{l.header, [](std::string& s) {
                               return text_field{s, header_name_rule};
                           }});
    v.visit({"capacity", "Webhooks at once.", at_once, true},
            config::integer_field{l.capacity, 1, most_tokens});
    v.visit({"refill", "Webhooks in the long run.", at_once, true},
            config::rate_field{l.refill, most_tokens});
    v.visit({"name", "The limit's name in answers.", at_once, false, "what it is by"},
            text_field{l.name, name_rule});
}

void walk(visitor& v, acknowledgement& a) {
    v.visit({"status", "Status of the answer."}, config::integer_field{a.status, 200, 299});
    v.visit({"body", "Body of the answer, as it is.", at_once, false, "Mira's JSON"},
            optional_field{a.body, [](std::string& s) {
                               return text_field{s, body_rule};
                           }});
    v.visit({"content_type", "Its media type."}, text_field{a.content_type, media_type_rule});
}

void walk(visitor& v, source& s) {
    v.visit({"tenant", "Whose it is."}, text_field{s.tenant, name_rule});
    v.visit({"name", "The service in the URL.", at_once, true}, text_field{s.name, name_rule});
    v.visit({"scheme", "How signatures are made: github, stripe, none, ...", at_once, true},
            scheme_field{s.scheme});
    v.visit({"secrets", "All that hold at the same time, newest first; without any, everything is refused."},
            config::secrets_field{s.secrets, most_secrets});
    v.optional_list({"limits", "Buckets that must all admit; [] for none.", at_once, false, "limits.default"},
                    s.limits, most_limits);
    v.visit({"max_body", "Largest body.", at_once, false, "server.limits.max_body"},
            optional_field{s.max_body, [](std::uint64_t& n) {
                               return config::size_field{n, 1, largest_body};
                           }});
    v.visit(
        {"tolerance", "How far a signature's time may be off, either way.", at_once, false, "the scheme's"},
        optional_field{s.tolerance, [](milliseconds& d) {
                           return config::duration_field{d, seconds{1}, hours{24 * 7}};
                       }});
    v.visit({"pipeline", "What happens with an accepted event, in this order."}, pipeline_field{s.pipeline});
    v.visit({"allow_unsigned", "Accept scheme none on a listener that is not loopback."},
            boolean_field{s.allow_unsigned});
    v.visit({"public_url", "The URL that the provider calls, exactly, for schemes that sign it.", at_once,
             false, "unknown"},
            optional_field{s.public_url, [](std::string& t) {
                               return text_field{t, url_rule};
                           }});
    v.visit({"duplicate_key", "What makes two events the same.", at_once, false, "the scheme's delivery id"},
            locator_field{s.duplicate_key});
    v.visit({"event_type", "What names an event's type.", at_once, false, "the scheme's"},
            locator_field{s.event_type});
    v.visit({"keep_headers",
             "Headers that are kept with an event; one in which the secret itself is sent never is.", at_once,
             false, "what the pipeline needs"},
            kept_headers_field{s.keep_headers});
    v.optional_section(
        {"acknowledge", "The answer to an accepted webhook.", at_once, false, "202 and Mira's JSON"},
        s.acknowledge);
    v.visit({"durability", "What an acknowledgement promises.", at_once, false, "journal.durability"},
            optional_field{s.durability, [](durability& d) { return durability_field{d}; }});
    v.visit({"options", "What the scheme needs besides secrets."}, options_field{s.options});
    v.visit({"shed",
             "For how long the provider tries again: under overload the patient are turned away first.",
             at_once, false, "the scheme's"},
            optional_field{s.shed, [](shed_class& c) {
                               return choice_field{c, shed_classes};
                           }});
    v.visit({"learn_secret", "Take the secret from the provider's handshake."},
            boolean_field{s.learn_secret});
    v.visit({"enabled", "Accept its webhooks; when false it is as if it did not exist."},
            boolean_field{s.enabled});
    v.visit({"built_in", "Marks, in a dump, the sources that exist without being configured."},
            boolean_field{s.built_in});
}

std::string label_of(const source& s) { return s.tenant + "/" + s.name; }

} // namespace mira::settings
