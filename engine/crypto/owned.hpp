#pragma once
// OpenSSL's objects in unique_ptrs, each with the function that frees it.
#include <memory>

namespace mira::crypto {

template <auto Free>
struct freed_by {
    template <class T>
    void operator()(T* p) const {
        Free(p);
    }
};
template <class T, auto Free>
using owned = std::unique_ptr<T, freed_by<Free>>;

} // namespace mira::crypto
