#pragma once
// Error handling of the whole project: every path that a peer or the environment can make fail returns a
// result<T> or an error_code; exceptions are for start-up only.
#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

namespace mira {

using error_code = boost::system::error_code;

template <class T>
using result = boost::system::result<T>;

} // namespace mira
