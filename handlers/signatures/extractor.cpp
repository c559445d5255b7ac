#include "handlers/signatures/extractor.hpp"

#include "handlers/signatures/query.hpp"

namespace mira::signatures {

std::optional<extractor> extractor::make(const field_rule& rule) {
    extractor e;
    e.where_ = rule.where;
    e.name_ = rule.name;
    if (rule.where == field_place::none) return e;
    if (rule.name.empty()) return std::nullopt;
    if (rule.where == field_place::json) {
        e.pointer_ = json_pointer::parse(rule.name);
        if (!e.pointer_) return std::nullopt;
    }
    return e;
}

std::optional<extractor> extractor::parse(std::string_view text) {
    if (text.starts_with('/')) return make(json(text));
    if (!http::is_token(text)) return std::nullopt;
    return make(header(text));
}

std::optional<std::string_view> extractor::find(const signed_request& r, std::string& room) const {
    std::string_view value;
    switch (where_) {
    case field_place::none: return std::nullopt;
    case field_place::header:
        if (find_header(*r.headers, name_, value) != lookup::one) return std::nullopt;
        break;
    case field_place::json:
        if (!find_scalar(r.body, *pointer_, room, longest)) return std::nullopt;
        value = room;
        break;
    case field_place::query:
    case field_place::form: {
        auto text = parameter_text(where_ == field_place::query ? r.query : r.body, name_);
        if (!text) return std::nullopt;
        room = std::move(*text);
        value = room;
        break;
    }
    }
    if (value.empty() || value.size() > longest) return std::nullopt;
    return value;
}

} // namespace mira::signatures
