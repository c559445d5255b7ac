#include "engine/net/resolver.hpp"

#include "engine/reactor/reactor.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <sys/socket.h>
#include <utility>

namespace mira::net {
namespace {

// The resolver's state is the thread's own. Two tries of two seconds (the second doubled) at each name server
// bound a look-up; without a search list nobody's domain is put behind a provider's name.
void prepare_thread() {
    thread_local bool prepared = false;
    if (prepared) return;
    prepared = true;
    if (::res_init() != 0) return;
    _res.retrans = 2;
    _res.retry = 2;
    _res.options &= ~static_cast<unsigned long>(RES_DEFNAMES | RES_DNSRCH);
}

error_code error_of(int code) {
    if (code == EAI_SYSTEM) return {errno, boost::system::system_category()};
    return {code, asio::error::get_addrinfo_category()};
}

} // namespace

resolver::resolver(look_up how, std::size_t threads)
    : how_{std::move(how)}, threads_{threads, most_waiting} {}

resolver::~resolver() { closing_.store(true, std::memory_order_relaxed); }

void resolver::resolve(reactor& home, const std::string& name, std::function<void(addresses)> done) {
    // Shared, since the job is either run or refused, and done must be called either way.
    const auto tell = std::make_shared<std::function<void(addresses)>>(std::move(done));
    const auto answer = [&home, tell](addresses a) { home.post([tell, a = std::move(a)] { (*tell)(a); }); };
    if (const auto literal = address::parse(name)) {
        answer(std::vector{*literal});
        return;
    }
    const bool taken = threads_.submit([this, name, answer] {
        if (closing_.load(std::memory_order_relaxed))
            answer(make_error_code(boost::system::errc::operation_canceled));
        else
            answer(how_(name));
    });
    if (!taken) answer(make_error_code(boost::system::errc::resource_unavailable_try_again));
}

resolver::addresses resolver::system_look_up(const std::string& name) {
    prepare_thread();
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;
    addrinfo* list = nullptr;
    const int code = ::getaddrinfo(name.c_str(), nullptr, &hints, &list);
    if (code != 0) return error_of(code);
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned{list, ::freeaddrinfo};
    std::vector<address> out;
    for (const addrinfo* a = list; a != nullptr && out.size() < most_addresses; a = a->ai_next) {
        if (a->ai_family != AF_INET && a->ai_family != AF_INET6) continue;
        const address found = address::of(*a->ai_addr);
        if (std::find(out.begin(), out.end(), found) == out.end()) out.push_back(found);
    }
    if (out.empty()) return error_of(EAI_NONAME);
    return out;
}

} // namespace mira::net
