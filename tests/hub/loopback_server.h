#pragma once

// An HTTP server on a free port of this machine, for one test: one request at a time, each on a connection of its own.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace epalm::hub {

struct Response {
  int status = 200;
  std::map<std::string, std::string> headers{};
  std::string body{};
  bool ranges = true;                     // answer a Range request with 206
  size_t drop_after = std::string::npos;  // close the connection after so many bytes of the body
};

class LoopbackServer {
 public:
  // Answers a method and path; called from the server's thread.
  using Handler = std::function<Response(const std::string& method, const std::string& path)>;

  explicit LoopbackServer(Handler handler) : handler_(std::move(handler)) {
    setenv("no_proxy", "127.0.0.1", 1);
    socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    if (socket_ < 0 || bind(socket_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(socket_, 8) != 0 ||
        getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      std::abort();  // no loopback: no test
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~LoopbackServer() {
    stop_ = true;
    thread_.join();
    close(socket_);
  }
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;

  std::string url() const { return fmt::format("http://127.0.0.1:{}", port_); }
  // Whole requests so far: first line and headers.
  std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  void serve() {
    while (!stop_) {
      pollfd waiting{socket_, POLLIN, 0};
      if (poll(&waiting, 1, 20) <= 0) continue;
      const int connection = accept(socket_, nullptr, nullptr);
      if (connection < 0) continue;
      const timeval limit{5, 0};
      setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
      setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
      answer(connection);
      close(connection);
    }
  }

  void answer(int connection) {
    std::string request;
    char buffer[4096];
    while (request.find("\r\n\r\n") == std::string::npos && request.size() < 65'536) {
      const ssize_t got = recv(connection, buffer, sizeof(buffer), 0);
      if (got <= 0) return;
      request.append(buffer, static_cast<size_t>(got));
    }
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    const size_t space = request.find(' ');
    const std::string method = request.substr(0, space);
    Response response = handler_(method, request.substr(space + 1, request.find(' ', space + 1) - space - 1));
    const size_t range = request.find("Range: bytes=");
    if (range != std::string::npos && response.ranges && response.status == 200) {
      const size_t start = std::strtoull(request.c_str() + range + 13, nullptr, 10);
      response.status = 206;
      response.headers["Content-Range"] =
          fmt::format("bytes {}-{}/{}", start, response.body.size() - 1, response.body.size());
      response.body.erase(0, start);
    }
    std::string text = fmt::format("HTTP/1.1 {} X\r\nConnection: close\r\n", response.status);
    response.headers.try_emplace("Content-Length", std::to_string(response.body.size()));
    for (const auto& [name, value] : response.headers) text += name + ": " + value + "\r\n";
    text += "\r\n";
    if (method != "HEAD") text += response.body.substr(0, response.drop_after);
    for (size_t sent = 0; sent < text.size();) {
      const ssize_t now = send(connection, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
      if (now <= 0) return;
      sent += static_cast<size_t>(now);
    }
    shutdown(connection, SHUT_WR);
    recv(connection, buffer, sizeof(buffer), 0);  // until the client has closed, so that nothing sent is lost
  }

  Handler handler_;
  int socket_ = -1;
  int port_ = 0;
  std::atomic<bool> stop_{false};
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

}  // namespace epalm::hub
