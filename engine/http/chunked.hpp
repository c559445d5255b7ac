#pragma once
// The chunked transfer coding (RFC 9112 section 7.1), decoded as bytes arrive and without I/O or memory of
// its own beyond one line. White space, bare LF and unknown bytes in chunk lines are refused; extensions are
// checked, bounded and ignored; trailers are checked, bounded and dropped, so that nothing behind the body
// can say who sent it.
#include "engine/http/head.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace mira::http {

class chunked_decoder {
  public:
    static constexpr std::size_t longest_line = 512;            // a chunk-size line with its extensions
    static constexpr std::size_t extension_bytes_in_all = 4096; // over one message
    static constexpr std::size_t trailer_bytes = 8192;          // the whole trailer section

    struct step {
        std::size_t consumed = 0; // bytes of the input that were read
        std::string_view data;    // body bytes among them, a view into the input; may be empty
        fault why = fault::none;  // not none: the connection must be closed
    };

    // Reads on until it has found one stretch of body bytes, the end, an error or the end of the input. Call
    // it again with what is left while it consumes and finished() is false.
    step next(std::string_view input);
    bool finished() const { return state_ == state::done; }

  private:
    enum class state : std::uint8_t { size_line, data, data_cr, data_lf, trailer_line, done };

    fault take_line_bytes(std::string_view& input, bool& complete);
    fault end_size_line();
    fault end_trailer_line();

    std::array<char, longest_line> line_;
    std::uint16_t line_size_ = 0;
    std::uint16_t extension_bytes_ = 0;
    std::uint16_t trailer_bytes_ = 0;
    state state_ = state::size_line;
    std::uint64_t left_ = 0; // bytes of the current chunk's data still to come
};

} // namespace mira::http
