#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "epalm/reproduce/run_table.h"

namespace epalm::reproduce {

// The document of --json: every metric of every row, task and seed, the verdicts and notes.
nlohmann::json to_json(const TableResult& result);

// Tables, verdicts, notes and charts as one HTML page without network access, and the same but for charts as Markdown.
std::string to_html(const TableResult& result);
std::string to_markdown(const TableResult& result);

// One line for each row, task and metric: mean, deviation, seeds and what it cost.
std::string to_csv(const TableResult& result);

// FOLDER/TABLE.{html,md,csv,json}. Returns the page. Throws Error.
std::filesystem::path write_documents(const std::filesystem::path& folder, const TableResult& result);

}  // namespace epalm::reproduce
