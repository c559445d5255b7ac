#include "engine/config/problem.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace mira::config {

std::string problem::text() const {
    std::string out = file;
    if (at.line > 0) {
        if (!out.empty()) out += ':';
        out += std::to_string(at.line) + ':' + std::to_string(at.column);
    }
    if (!out.empty()) out += ": ";
    if (level == severity::warning) out += "warning: ";
    if (!path.empty()) out += path + ": ";
    return out + what;
}

void problems::add(problem p) {
    const bool error = p.level == severity::error;
    auto& list = error ? errors_ : warnings_;
    if (list.size() == most) {
        ++(error ? errors_left_out_ : warnings_left_out_);
        return;
    }
    const auto earlier = [](const problem& x, const problem& y) {
        return std::tie(x.at.line, x.at.column) < std::tie(y.at.line, y.at.column);
    };
    list.insert(std::upper_bound(list.begin(), list.end(), p, earlier), std::move(p));
}

namespace {
std::vector<problem> with_count(std::vector<problem> list, std::size_t left_out) {
    if (left_out > 0)
        list.push_back({list.front().level,
                        list.front().file,
                        {},
                        {},
                        "and " + std::to_string(left_out) + " more of the kind"});
    return list;
}
} // namespace

std::vector<problem> problems::take_errors() {
    return with_count(std::exchange(errors_, {}), std::exchange(errors_left_out_, 0));
}

std::vector<problem> problems::take_warnings() {
    return with_count(std::exchange(warnings_, {}), std::exchange(warnings_left_out_, 0));
}

} // namespace mira::config
