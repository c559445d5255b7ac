#pragma once
// Writes the Prometheus text exposition format, version 0.0.4
// (prometheus.io/docs/instrumenting/exposition_formats):
//
//     exposition out;
//     auto f = out.family("mira_requests_total", metric::counter, "Requests, by outcome.");
//     f.sample(accepted, {{"outcome", "accepted"}});
//     response.body = out.text();
//
// Made for one scrape, on one thread. The families come out sorted by name and each has its HELP and TYPE
// once, however many components contribute to it; samples stand in the order in which they were given. Times
// are in seconds. Label values may be anything: they are escaped, and what is not UTF-8 becomes U+FFFD, since
// one bad byte would cost the whole scrape. Names of metrics and labels are the program's own and are written
// as they are.
#include "engine/telemetry/histogram.hpp"

#include <cstdint>
#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <string_view>

namespace mira::telemetry {

enum class metric { counter, gauge, histogram, summary };

struct label {
    std::string_view name;
    std::string_view value;
};
using labels = std::initializer_list<label>;

// What a latency histogram shows unless told otherwise: nanoseconds, 1 us to 10 s.
std::span<const std::uint64_t> latency_bounds();
// 0.5, 0.9, 0.95, 0.99, 0.999.
std::span<const double> latency_quantiles();

class exposition {
    struct block {
        metric type = metric::gauge;
        std::string help;
        std::string samples;
    };

  public:
    class metric_family {
      public:
        void sample(std::uint64_t value, labels l = {});
        void sample(std::int64_t value, labels l = {});
        void sample(double value, labels l = {});
        // As _bucket, _sum and _count. A bound (nanoseconds, ascending) counts what is at most that long,
        // within the 0.8 % that the fine histogram knows.
        void histogram(const histogram_snapshot& h, labels l = {},
                       std::span<const std::uint64_t> bounds = latency_bounds());
        // One sample a quantile, then _sum and _count. For people; percentiles of instances cannot be merged.
        void summary(const histogram_snapshot& h, labels l = {},
                     std::span<const double> quantiles = latency_quantiles());

      private:
        friend class exposition;
        metric_family(std::string_view name, std::string& out) : name_{name}, out_{out} {}
        void line(std::string_view suffix, labels l, label extra, std::string_view value);
        void sum_and_count(const histogram_snapshot& h, labels l);

        std::string_view name_;
        std::string& out_;
    };

    // Where the family exists already, its type and help stay. Valid as long as the exposition.
    metric_family family(std::string_view name, metric type, std::string_view help);

    std::string text() const;

  private:
    std::map<std::string, block, std::less<>> families_;
};

} // namespace mira::telemetry
