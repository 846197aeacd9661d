#include "epalm/report/embedded.h"

#include <algorithm>
#include <initializer_list>

#include "epalm/base/error.h"
#include "epalm/report/base64.h"

namespace epalm::report {
namespace {

std::string uri_of(const Embedded& file, std::string_view what, std::initializer_list<std::string_view> allowed) {
  if (std::find(allowed.begin(), allowed.end(), file.mime) == allowed.end()) {
    std::string list;
    for (const std::string_view mime : allowed) list += (list.empty() ? "" : ", ") + std::string(mime);
    fail("report: {} has the media type '{}', expected one of {}", what, file.mime, list);
  }
  return fmt::format("data:{};base64,{}", file.mime, base64(file.bytes));
}

}  // namespace

std::string picture_uri(const Embedded& file, std::string_view what) {
  return uri_of(file, what, {"image/png", "image/jpeg", "image/webp", "image/gif"});
}

std::string sound_uri(const Embedded& file, std::string_view what) {
  return uri_of(file, what, {"audio/wav", "audio/flac", "audio/mpeg", "audio/ogg", "audio/mp4"});
}

}  // namespace epalm::report
