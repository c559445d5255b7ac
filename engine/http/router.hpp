#pragma once
// Which stages answer which request. The table is given at start by the layer above and never changes; the
// engine knows of a route only its pattern, its methods and its stages.
#include "engine/http/head.hpp"

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mira::http {

class exchange;

// What a stage says about going on.
enum class verdict : std::uint8_t {
    proceed, // the next stage
    respond, // the stage has called respond(): no further stage runs
    suspend, // the stage waits for something and will call resume() or respond() on this reactor, after it
             // has returned this; only where the body is complete
};

struct stage {
    std::string_view name;
    verdict (*run)(exchange&);
};

class methods {
  public:
    constexpr methods(std::initializer_list<method> all) {
        for (const method m : all) bits_ = static_cast<std::uint16_t>(bits_ | 1U << static_cast<unsigned>(m));
    }
    constexpr bool has(method m) const { return (bits_ >> static_cast<unsigned>(m) & 1U) != 0; }
    constexpr methods operator|(methods o) const {
        o.bits_ = static_cast<std::uint16_t>(o.bits_ | bits_);
        return o;
    }
    // "GET, HEAD, POST": the value of an Allow field. HEAD comes with GET, OPTIONS with everything.
    std::string allow_value() const;

  private:
    std::uint16_t bits_ = 0;
};

struct route {
    std::string_view pattern; // "/v1/tenants/{t}": a segment in braces matches any one segment
    methods verbs{};
    std::span<const stage> before_body; // run when the head is complete
    std::span<const stage> after_body;  // run when the body is complete
    std::size_t body_limit = 0;         // bytes of content, unless a stage sets another
};

class router {
  public:
    static constexpr std::size_t most_parameters = 4;

    struct entry {
        const http::route* route = nullptr;
        std::vector<std::string_view> segments;
        std::vector<std::uint16_t> before_ids; // places in stage_names()
        std::vector<std::uint16_t> after_ids;
    };
    struct match {
        const entry* found = nullptr; // null: no such path, or not with this method
        bool path_known = false;
        methods allowed{};
        std::array<std::string_view, most_parameters> parameters{}; // as sent, views into the path
    };

    // routes must outlive the router.
    explicit router(std::span<const route> routes);

    // HEAD finds GET's route. Segments are compared as sent: no decoding, no dot segments, no empty ones.
    match find(method verb, std::string_view path) const;

    // Every stage name once, for metrics.
    const std::vector<std::string_view>& stage_names() const { return stage_names_; }

  private:
    std::uint16_t id_of(std::string_view stage_name);

    std::vector<entry> entries_;
    std::vector<std::string_view> stage_names_;
};

} // namespace mira::http
