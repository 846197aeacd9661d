#include "epalm/hub/download.h"

#include <curl/curl.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string_view>

#include "epalm/base/error.h"

namespace epalm::hub {
namespace {

constexpr size_t kMaxBody = 16 << 20;

struct Closer {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using Handle = std::unique_ptr<CURL, Closer>;
using File = std::unique_ptr<std::FILE, Closer>;

// What the callbacks of one request share.
struct Request {
  const std::string& url;
  const Http& http;
  Answer answer{};
  std::FILE* file = nullptr;  // nullptr: the body stays in memory
  int64_t start = 0;          // bytes of the file before this request
  int64_t done = 0, total = 0;
  std::string problem{};
  bool stopped = false;
};

size_t on_header(char* data, size_t, size_t size, void* user) {
  auto& request = *static_cast<Request*>(user);
  std::string_view line(data, size);
  if (line.starts_with("HTTP/")) request.answer.headers.clear();
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || request.answer.headers.size() >= 1000) return size;
  std::string name(line.substr(0, colon));
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  line.remove_prefix(colon + 1);
  const size_t first = line.find_first_not_of(" \t"), last = line.find_last_not_of(" \t\r\n");
  request.answer.headers[name] =
      first == std::string_view::npos || last < first ? "" : std::string(line.substr(first, last - first + 1));
  return size;
}

// The first byte of a body tells whether the server continues or begins again.
bool ready_to_write(Request& request, CURL* handle) {
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  if (status == 200 && request.start > 0) {
    if (std::freopen(nullptr, "wb", request.file) == nullptr) return false;
    request.start = request.done = 0;
  }
  return status == 200 || status == 206;
}

struct Writing {
  Request* request;
  CURL* handle;
};

size_t on_body(char* data, size_t, size_t size, void* user) {
  const auto& [request, handle] = *static_cast<Writing*>(user);
  if (request->file == nullptr) {
    if (request->answer.body.size() + size > kMaxBody) {
      request->problem = "the answer is longer than 16 MiB";
      return 0;
    }
    request->answer.body.append(data, size);
    return size;
  }
  if (!ready_to_write(*request, handle)) return size;  // an error page: the status tells
  if (request->done + static_cast<int64_t>(size) > request->total) {
    request->problem = fmt::format("the server sends more than the {} bytes it announced", request->total);
    return 0;
  }
  if (std::fwrite(data, 1, size, request->file) != size) {
    request->problem = fmt::format("cannot write: {}", std::strerror(errno));
    return 0;
  }
  request->done += static_cast<int64_t>(size);
  return size;
}

int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& request = *static_cast<Request*>(user);
  if (request.file != nullptr && request.http.progress) request.http.progress(request.done, request.total);
  request.stopped = request.http.interrupted && request.http.interrupted();
  return request.stopped ? 1 : 0;
}

void perform(Request& request, bool head, bool follow) {
  static const CURLcode kGlobal = curl_global_init(CURL_GLOBAL_DEFAULT);
  const Handle handle(kGlobal == CURLE_OK ? curl_easy_init() : nullptr);
  require(handle != nullptr, "'{}': libcurl cannot start", request.url);
  Writing writing{&request, handle.get()};
  const auto set = [&](CURLoption option, auto value) { curl_easy_setopt(handle.get(), option, value); };
  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_NOBODY, head ? 1L : 0L);
  set(CURLOPT_FOLLOWLOCATION, follow ? 1L : 0L);
  set(CURLOPT_MAXREDIRS, 10L);
  set(CURLOPT_USERAGENT, "epalm");
  set(CURLOPT_CONNECTTIMEOUT, 30L);
  set(CURLOPT_LOW_SPEED_LIMIT, 1L);
  set(CURLOPT_LOW_SPEED_TIME, std::max(1L, static_cast<long>(request.http.idle_timeout_s)));
  if (!request.http.token.empty()) {
    set(CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
    set(CURLOPT_XOAUTH2_BEARER, request.http.token.c_str());
  }
  // Not CURLOPT_RESUME_FROM, which fails where the server begins again.
  const std::string range = std::to_string(request.start) + "-";
  if (request.start > 0) set(CURLOPT_RANGE, range.c_str());
  set(CURLOPT_HEADERFUNCTION, on_header);
  set(CURLOPT_HEADERDATA, static_cast<void*>(&request));
  set(CURLOPT_WRITEFUNCTION, on_body);
  set(CURLOPT_WRITEDATA, static_cast<void*>(&writing));
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, on_progress);
  set(CURLOPT_XFERINFODATA, static_cast<void*>(&request));
  const CURLcode code = curl_easy_perform(handle.get());
  curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &request.answer.status);
  if (request.stopped) throw Interrupted(fmt::format("interrupted while loading '{}'", request.url));
  require(code == CURLE_OK, "'{}': {}; what has come is kept, so try again", request.url,
          request.problem.empty() ? curl_easy_strerror(code) : request.problem);
}

}  // namespace

Answer http_get(const std::string& url, const Http& http) {
  Request request{url, http};
  perform(request, false, true);
  return std::move(request.answer);
}

Answer http_head(const std::string& url, const Http& http) {
  Request request{url, http};
  perform(request, true, false);
  return std::move(request.answer);
}

void download(const std::string& url, const std::filesystem::path& path, int64_t size, const Http& http) {
  std::error_code error;
  const auto there = std::filesystem::file_size(path, error);
  const int64_t start = error ? 0 : static_cast<int64_t>(there);
  if (start == size && !error) return;
  const File file(std::fopen(path.c_str(), start > 0 && start < size ? "ab" : "wb"));
  require(file != nullptr, "'{}' cannot be written: {}", path.string(), std::strerror(errno));
  Request request{url, http};
  request.file = file.get();
  request.start = request.done = start < size ? start : 0;
  request.total = size;
  perform(request, false, true);
  require(request.answer.status == 200 || request.answer.status == 206, "'{}': the server answers {}", url,
          request.answer.status);
  require(std::fflush(file.get()) == 0, "'{}' cannot be written: {}", path.string(), std::strerror(errno));
  require(request.done == size, "'{}': {} of {} bytes came; what has come is kept, so try again", url, request.done,
          size);
  if (http.progress) http.progress(size, size);
}

}  // namespace epalm::hub
