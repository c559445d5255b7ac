#pragma once
// A small program's settings with a field of every type, for the tests of the visitors.
#include "engine/config/fields.hpp"

#include <string>
#include <vector>

namespace example {

using namespace mira::config;
using mira::milliseconds;
using mira::seconds;

enum class colour { red, green };
inline constexpr std::array colours{choice{"red", colour::red}, choice{"green", colour::green}};
inline constexpr text_rule lower_rule{"word", "a to z",
                                      [](std::string_view s) -> std::optional<std::string> {
                                          if (s.find_first_not_of("abcdefghijklmnopqrstuvwxyz") == s.npos)
                                              return {};
                                          return "is no word; expected letters from a to z";
                                      },
                                      8};

struct item {
    std::string name;
    int weight = 1;
};

struct tls {
    std::string key;
    int port = 443;
};

struct app {
    bool on = true;
    int count = 5;
    double ratio = 0.5;
    std::string word = "abc";
    colour paint = colour::red;
    milliseconds wait = seconds{10};
    std::uint64_t room = 1024;
    std::uint64_t speed = 240;
    rate pace{100, seconds{1}};
    mira::wall_time day{seconds{1'798'761'600}};
    std::vector<network> peers;
    secret key;
    std::vector<expiring_secret> keys;
    secret store;
    std::optional<int> level;
    std::optional<example::tls> tls;
    std::vector<item> items;
    std::optional<std::vector<item>> extras;
    std::string path = "data";
};

inline void walk(visitor& v, item& s) {
    v.visit({"name", "Name of the item.", applies::at_once, true}, text_field{s.name, lower_rule});
    v.visit({"weight", "Its weight."}, integer_field{s.weight, 0, 9});
}
inline std::string label_of(const item& i) { return i.name; }

inline void walk(visitor& v, tls& s) {
    v.visit({"key", "The key."}, text_field{s.key, path_rule});
    v.visit({"port", "The port.", applies::at_restart}, integer_field{s.port, 1, 65'535});
}

// The fields of one section inside the whole.
struct figures {
    app& a;
};
inline void walk(visitor& v, figures& f) {
    app& a = f.a;
    v.visit({"count", "How many.", applies::at_restart}, integer_field{a.count, 1, 10, "any number"});
    v.visit({"ratio", "How much."}, number_field{a.ratio, 0, 1});
    v.visit({"wait", "How long."}, duration_field{a.wait, milliseconds{100}, seconds{60}, "for ever"});
    v.visit({"room", "How large."}, size_field{a.room, 512, 2048});
    v.visit({"speed", "How fast."}, byte_rate_field{a.speed, 10, 1000, "no minimum"});
    v.visit({"pace", "How often."}, rate_field{a.pace, 1000});
}

inline void walk(visitor& v, app& a) {
    figures f{a};
    v.visit({"on", "Whether."}, boolean_field{a.on});
    v.section({"figures", "All the figures."}, f);
    v.visit({"word", "A word."}, text_field{a.word, lower_rule});
    v.visit({"paint", "A colour."}, choice_field{a.paint, colours});
    v.visit({"day", "A day."}, time_field{a.day});
    v.visit({"peers", "Peers."}, networks_field{a.peers, 3});
    v.visit({"key", "A key."}, secret_field{a.key});
    v.visit({"keys", "Keys."}, secrets_field{a.keys, 2});
    v.visit({"store", "A store.", applies::at_restart}, secret_url_field{a.store, {"url", "", nullptr, 100}});
    v.visit({"level", "A level.", applies::at_once, false, "as it comes"},
            optional_field{a.level, [](int& n) {
                               return integer_field{n, 0, 3};
                           }});
    v.optional_section({"tls", "With TLS.", applies::at_restart, false, "no TLS"}, a.tls);
    v.list({"items", "Items."}, a.items, 3);
    v.optional_list({"extras", "More of them.", applies::at_once, false, "none"}, a.extras, 3);
    v.visit({"path", "A path.", applies::at_restart}, text_field{a.path, path_rule});
}

} // namespace example
