#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace epalm::report {

// An encoded file that stands inside the page.
struct Embedded {
  std::vector<std::byte> bytes;
  std::string mime;
};

// As data URIs. Throw Error for another media type than image/png, image/jpeg, image/webp or image/gif, and audio/wav,
// audio/flac, audio/mpeg, audio/ogg or audio/mp4: only these are known to run nothing. what: names it in the error.
std::string picture_uri(const Embedded& file, std::string_view what);
std::string sound_uri(const Embedded& file, std::string_view what);

}  // namespace epalm::report
