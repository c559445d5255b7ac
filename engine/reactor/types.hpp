#pragma once
// THE executor, socket and timer types. A concrete executor costs less than any_io_executor on every
// operation, so all asynchronous code of the project names these and no others.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <chrono>

namespace mira {

namespace asio = boost::asio;

using executor = asio::io_context::executor_type;
using tcp_socket = asio::basic_stream_socket<asio::ip::tcp, executor>;
using steady_timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                                asio::wait_traits<std::chrono::steady_clock>, executor>;
using stream_descriptor = asio::posix::basic_stream_descriptor<executor>;

template <class T>
using awaitable = asio::awaitable<T, executor>;

} // namespace mira
