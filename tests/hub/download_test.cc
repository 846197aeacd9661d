#include "epalm/hub/download.h"

#include <gmock/gmock.h>

#include "epalm/base/error.h"
#include "tests/hub/loopback_server.h"
#include "tests/hub/scratch.h"

namespace epalm::hub {
namespace {

using testing::HasSubstr;

const std::string kBody = [] {
  std::string body;
  for (int i = 0; i < 100'000; ++i) body.push_back(static_cast<char>(i * 7 + i / 251));
  return body;
}();

std::string error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Download, ContinuesWhatADroppedConnectionLeft) {
  const Scratch scratch;
  int calls = 0;
  const LoopbackServer server([&](const std::string&, const std::string&) {
    return Response{.body = kBody, .drop_after = calls++ == 0 ? 30'000 : std::string::npos};
  });
  const auto path = scratch / "file";
  const auto size = static_cast<int64_t>(kBody.size());
  EXPECT_THAT(error_of([&] { download(server.url() + "/file", path, size, {}); }), HasSubstr("try again"));
  EXPECT_EQ(bytes_of(path), kBody.substr(0, 30'000));
  int64_t told = 0;
  download(server.url() + "/file", path, size, {.progress = [&](int64_t done, int64_t total) {
             told = done;
             EXPECT_EQ(total, size);
           }});
  EXPECT_EQ(bytes_of(path), kBody);
  EXPECT_EQ(told, size);
  ASSERT_EQ(server.requests().size(), 2U);
  EXPECT_THAT(server.requests()[1], HasSubstr("Range: bytes=30000-"));
  download(server.url() + "/file", path, size, {});
  EXPECT_EQ(server.requests().size(), 2U) << "a whole file is not asked for";
}

TEST(Download, BeginsAgainWhereTheServerCannotContinue) {
  const Scratch scratch;
  const LoopbackServer server(
      [](const std::string&, const std::string&) { return Response{.body = kBody, .ranges = false}; });
  write_bytes(scratch / "file", "other bytes");
  download(server.url() + "/file", scratch / "file", static_cast<int64_t>(kBody.size()), {});
  EXPECT_EQ(bytes_of(scratch / "file"), kBody);
}

TEST(Download, KeepsNoErrorPageAndNoMoreThanAnnounced) {
  const Scratch scratch;
  int status = 500;
  const LoopbackServer server(
      [&](const std::string&, const std::string&) { return Response{.status = status, .body = kBody}; });
  EXPECT_THAT(error_of([&] { download(server.url() + "/f", scratch / "file", 10, {}); }), HasSubstr("answers 500"));
  EXPECT_EQ(bytes_of(scratch / "file"), "");
  status = 200;
  EXPECT_THAT(error_of([&] { download(server.url() + "/f", scratch / "file", 10, {}); }),
              HasSubstr("more than the 10"));
}

TEST(Download, StopsWhereAskedAndForWrongAddresses) {
  const Scratch scratch;
  const LoopbackServer server([](const std::string&, const std::string&) { return Response{.body = kBody}; });
  const Http stopped{.interrupted = [] { return true; }};
  EXPECT_THROW(download(server.url() + "/f", scratch / "file", 100'000, stopped), Interrupted);
  EXPECT_THROW(http_get("file:///etc/passwd", {}), Error);
  EXPECT_THROW(http_get("http://127.0.0.1:1/", {}), Error);
}

TEST(Download, SendsTheTokenToTheFirstHostOnly) {
  const Scratch scratch;
  const LoopbackServer storage([](const std::string&, const std::string&) { return Response{.body = kBody}; });
  const LoopbackServer hub([&](const std::string&, const std::string&) {
    return Response{.status = 302, .headers = {{"Location", storage.url() + "/blob"}}};
  });
  download(hub.url() + "/f", scratch / "file", static_cast<int64_t>(kBody.size()), {.token = "secret"});
  EXPECT_EQ(bytes_of(scratch / "file"), kBody);
  EXPECT_THAT(hub.requests().at(0), HasSubstr("Authorization: Bearer secret"));
  EXPECT_THAT(storage.requests().at(0), testing::Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace epalm::hub
