#include "epalm/bench/run_rows.h"

#include <nlohmann/json.hpp>

#include "epalm/base/error.h"
#include "epalm/base/scratch_folder.h"
#include "epalm/bench/child_process.h"

namespace epalm::bench {
namespace {

// How a child tells its measurement.
std::string to_text(const Measurement& measured) {
  nlohmann::json document{{"note", measured.note}};
  if (measured.value) document["value"] = *measured.value;
  if (measured.twin) document["twin"] = *measured.twin;
  if (measured.ratio) document["ratio"] = *measured.ratio;
  if (measured.strong) document["strong"] = *measured.strong;
  if (measured.peak_rss_gb) document["peak_rss_gb"] = *measured.peak_rss_gb;
  if (measured.twin_peak_rss_gb) document["twin_peak_rss_gb"] = *measured.twin_peak_rss_gb;
  if (const auto& work = measured.work) {
    document["work"] = {work->flop, work->bytes, work->precision, work->seconds};
  }
  return document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Measurement from_text(const std::string& text) {
  const auto document = nlohmann::json::parse(text);
  const auto number = [&](const char* key) {
    const auto found = document.find(key);  // null: not finite
    return found == document.end() || !found->is_number() ? std::nullopt : std::optional(found->get<double>());
  };
  Measurement measured{.value = number("value"),
                       .twin = number("twin"),
                       .ratio = number("ratio"),
                       .strong = number("strong"),
                       .peak_rss_gb = number("peak_rss_gb"),
                       .twin_peak_rss_gb = number("twin_peak_rss_gb"),
                       .note = document["note"]};
  if (const auto work = document.find("work"); work != document.end()) {
    measured.work = Work{.flop = work->at(0), .bytes = work->at(1), .precision = work->at(2), .seconds = work->at(3)};
  }
  return measured;
}

Peaks peaks_apart(nn::Precision precision, const RunOptions& options) {
  const auto measure = [&] {
    const Peaks peaks = options.peaks(precision);
    return nlohmann::json{peaks.gflops, peaks.gb_per_s}.dump();
  };
  const auto numbers = nlohmann::json::parse(in_child_process(measure, options.interrupted).text);
  return {numbers.at(0), numbers.at(1)};
}

}  // namespace

std::vector<RowResult> run_rows(const std::vector<Row>& rows, const RunOptions& options) {
  std::vector<RowResult> results;
  for (const Row& row : rows) {
    if (options.progress) options.progress(row.name, std::ssize(results), std::ssize(rows));
    RowResult result{row, {}, {}};
    try {
      const ScratchFolder scratch("bench");
      const ChildResult child =
          in_child_process([&] { return to_text(row.measure(scratch.path())); }, options.interrupted);
      result.measured = from_text(child.text);
      if (const auto& work = result.measured.work) {
        result.roofline = roofline_of(*work, peaks_apart(work->precision, options));
      }
      if (!result.measured.peak_rss_gb) result.measured.peak_rss_gb = child.peak_rss_gb;
    } catch (const Interrupted&) {
      throw;
    } catch (const Error& error) {
      result.error = error.what();
    }
    results.push_back(std::move(result));
  }
  if (options.progress && !rows.empty()) options.progress(rows.back().name, std::ssize(rows), std::ssize(rows));
  return results;
}

}  // namespace epalm::bench
