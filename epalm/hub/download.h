#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>

namespace epalm::hub {

// How requests are made.
struct Http {
  std::string token{};  // sent to the host of the address alone, not to those that it redirects to; empty: none
  // Bytes of the file so far and in all, which the last call has. Called from the thread that downloads.
  std::function<void(int64_t done, int64_t total)> progress{};
  std::function<bool()> interrupted{};  // true: stop with Interrupted
  double idle_timeout_s = 60;           // without a byte
};

struct Answer {
  long status = 0;
  std::map<std::string, std::string> headers{};  // names in small letters; of the last answer where it was redirected
  std::string body{};
};

// Only http and https. A body above 16 MiB is an Error, as is every failure below HTTP.
Answer http_get(const std::string& url, const Http& http);
// Headers alone, and redirections are not followed: these say what the file will be.
Answer http_head(const std::string& url, const Http& http);

// Appends to `path` what it lacks of the `size` bytes at `url`, with a Range request where it holds some already;
// starts anew where the server cannot do that. Throws Error, and Interrupted, leaving what came so far; the caller
// continues with the same call.
void download(const std::string& url, const std::filesystem::path& path, int64_t size, const Http& http);

}  // namespace epalm::hub
